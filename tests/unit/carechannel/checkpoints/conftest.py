from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from carechannel.checkpoints import metadata
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.postgresql import PostgreSql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    server = PostgreSql()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["postgresql", "sqlite"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'checkpoints.db'}"
    else:
        url = request.getfixturevalue("postgresql").url
    engine = create_async_engine(url)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    await engine.dispose()
