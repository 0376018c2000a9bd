"""FS112."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class Network(ForbiddenNames):
    """The network."""

    code = "FS112"
    name = "network"
    reason = (
        "Another service answers each endorser at another time, differently or not at all; and it is told "
        "about a transaction that may never be committed."
    )
    fix = (
        "Let the client fetch the data and pass it as an argument; check its signature in the contract if "
        "it must be trusted."
    )
    bad = """
import requests

async def convert(ctx, key: str) -> None:
    rate = requests.get("https://rates.example/eur").text  # FS112
    await ctx.stub.put_state(key, rate.encode())
"""
    good = """
async def convert(ctx, key: str, rate: str) -> None:
    await ctx.stub.put_state(key, rate.encode())
"""
    forbidden = (
        (
            "talks to the network",
            "socket. socketserver. ssl. http.client. http.server. urllib.request. urllib3. requests. "
            "httpx. aiohttp. grpc. websocket. websockets. smtplib. ftplib. imaplib. poplib. telnetlib. "
            "xmlrpc. paramiko. pycurl. zmq. dns.",
        ),
        (
            "talks to another service",
            "redis. pymongo. motor. psycopg. psycopg2. asyncpg. pymysql. MySQLdb. mysql. sqlalchemy. "
            "elasticsearch. kafka. pika. boto3. botocore. web3. ipfshttpclient. openai.",
        ),
    )
    allowed = frozenset(
        {"requests.RequestException", "requests.exceptions.RequestException", "ssl.RAND_bytes"}
    )
