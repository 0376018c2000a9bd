from __future__ import annotations
import asyncio, json, os, time, resource, traceback
from dataclasses import replace
import pytest, grpc
from carechannel.submitting import *
from carechannel.submitting import FileRecords, Limits, Deadline, Retry, ConnectedPeer
from carechannel.errors import ProfileError
from fabric_gateway import signers
from tests.unit.carechannel.submitting.gateways import *
from tests.unit.carechannel.submitting.conftest import Site, QUICK

async def attempt(label, coro):
    t=time.monotonic()
    try:
        r = await coro
        print(f"\n[{label}] OK {r!r} {time.monotonic()-t:.2f}s")
        return r
    except BaseException as e:
        print(f"\n[{label}] {type(e).__module__}.{type(e).__name__}: {e} {time.monotonic()-t:.2f}s")
        return e

class Bad:
    def __init__(self, name): self.name=name
    async def gateway(self): raise ProfileError("peer1 cannot be connected to: bad root.")

async def test_a(site):
    site.connections = [site.connections[0], Bad("bad")]
    site.peers[0].script("submit", loses_reply())
    await attempt("A bad second peer", site.submitter().submit("F", idempotency_key="k", deadline=Deadline(3)))
    print(site.chain.valid)

async def test_b(site):
    real = signers.ecdsa(site.credentials.key_pem)
    n = 0
    async def signer(d):
        nonlocal n
        n+=1
        if n==2: raise OSError("signing service away")
        return await real(d)
    # gateway's own signer: patch session
    gw = site.connections[0].connected
    await attempt("B signer", site.submitter(signer=signer).submit("F", idempotency_key="k"))
    print(gw.__dict__.keys() if hasattr(gw,'__dict__') else dir(gw))

async def test_c(site, tmp_path):
    s = site.submitter()
    async def trouble(context, proceed):
        await proceed()
        os.rename(site.folder, tmp_path/"moved"); site.folder.write_text("x")
    site.peers[0].script("submit", trouble)
    fds=len(os.listdir("/proc/self/fd"))
    await attempt("C folder gone", s.submit("F", idempotency_key="k", deadline=Deadline(3)))
    print("valid", site.chain.valid, "fds", fds, len(os.listdir("/proc/self/fd")))
    site.folder.unlink(); os.rename(tmp_path/"moved", site.folder)
    await attempt("C again", s.submit("F", idempotency_key="k", deadline=Deadline(2)))

async def test_d(site):
    s = site.submitter()
    ok = await s.submit("F", arguments=["a"], idempotency_key="k")
    [f] = [p for p in site.folder.iterdir() if p.name.endswith(".json")]
    content = f.read_bytes()
    import random
    rnd = random.Random(1); silent=[]; kinds={}
    for i in range(0, len(content), 3):
        b = bytearray(content); b[i]^=1<<rnd.randrange(7); f.write_bytes(bytes(b))
        try:
            r = await s.submit("F", arguments=["a"], idempotency_key="k", deadline=Deadline(0.6))
            key = "same" if r==ok else "DIFFERENT"
            if r!=ok: silent.append((i, r))
        except BaseException as e:
            key=type(e).__name__
        kinds[key]=kinds.get(key,0)+1
    print("\n[D]", kinds, silent[:5])

async def test_e(site):
    for bad in (dict(submit=-1), dict(endorse=0), dict(commit_status=float("nan")), dict(submit=float("inf")), dict(settle=-1), dict(call=-1)):
        try: l = replace(QUICK, **bad)
        except ValueError as e: print("refused", e); continue
        await attempt(f"E {bad}", site.submitter(limits=l).submit("F", idempotency_key=str(bad), deadline=None if "call" in bad else Deadline(3)))
    await attempt("E huge", site.submitter().submit("F", idempotency_key="huge", deadline=Deadline(1e300)))
    for d in (0,-1,float("nan"),float("inf")):
        try: Deadline(d); print("taken",d)
        except ValueError as e: print(d,e)

async def test_g(site):
    s = site.submitter(limits=Limits(call=120))
    t=time.monotonic()
    peak=0
    async def watch():
        nonlocal peak
        while True:
            peak=max(peak,len(os.listdir("/proc/self/fd"))); await asyncio.sleep(.05)
    w=asyncio.create_task(watch())
    res = await asyncio.gather(*(s.submit("F", idempotency_key=f"k{i}") for i in range(3000)), return_exceptions=True)
    w.cancel()
    bad={}
    for r in res: 
        if isinstance(r,BaseException): bad[f"{type(r).__name__}: {r}"[:150]]=bad.get(f"{type(r).__name__}: {r}"[:150],0)+1
    print("\n[G]", time.monotonic()-t, "peak fds", peak, "limit", resource.getrlimit(resource.RLIMIT_NOFILE), bad, len(site.chain.valid))

async def test_h(site):
    for key in ("", "\x00", "\ud800", "a"*300, "ü/../..", "\n"):
        await attempt(f"H {key!r:.20}", site.submitter().submit("F", idempotency_key=key))
    await attempt("H surrogate arg", site.submitter().submit("F", arguments=["\ud800"], idempotency_key="s"))
    await attempt("H surrogate arg nokey", site.submitter().submit("F", arguments=["\ud800"]))
    site.peers[0].calls.clear()
    await attempt("H bytes func", site.submitter().submit("", idempotency_key="s2"))
