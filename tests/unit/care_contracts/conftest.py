import pytest

from tests.unit.care_contracts.channel import Care


@pytest.fixture
async def care() -> Care:
    """A channel with all institutions active, custodies open and the patient's handle bound."""
    return await Care().ready()


@pytest.fixture
def fresh() -> Care:
    """A channel on which nothing has happened."""
    return Care()
