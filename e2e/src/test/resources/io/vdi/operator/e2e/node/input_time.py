"""Runs in a desktop: which messages of clients reset idle_s of GET /api/sessions.

The running Selkies gets messages over WebSockets. The way over WebRTC runs in this process, without a network.
"""

import asyncio
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import time

import aiohttp

PROGRAM = sys.argv.pop(1)  # Selkies reads the arguments too.
PORT = os.environ["SELKIES_PORT"]
USER = os.environ["SELKIES_BASIC_AUTH_USER"]


def login(variable):
    return {"Authorization": aiohttp.encode_basic_auth(USER, os.environ[variable])}


OWNER = login("SELKIES_BASIC_AUTH_PASSWORD")
VIEWER = login("SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD")

INPUT = "kd,97 ku,97 co,end,a m,10,10,0,0 m2,1,1,0,0 m,10,10,1,0 m,10,10,0,0 m,10,10,8,1 js,b,0,0,1 js,b,1,0,1 js,a,0,1,0.5".split()
NO_INPUT = (
    "kh,97 kr js,h,0 js,d,0 p,0 _f,60 _l,10 _arg_fps,60 s,96 cr cw,YQ== REQUEST_CLIPBOARD REQUEST_KEYFRAME _stats_video,{}"
    " _pointer_echo,0 pong mouse m kd"
).split()


async def answer(http):
    async with http.get(f"http://127.0.0.1:{PORT}/api/sessions", headers=OWNER) as response:
        assert response.status == 200, response.status
        return await response.json()


async def idle(http):
    return (await answer(http))["idle_s"]


async def websockets(http):
    url = f"http://127.0.0.1:{PORT}/api/websockets"
    async with http.ws_connect(url, headers=OWNER) as owner:
        await owner.send_str("m,5,5,0,0")
        await asyncio.sleep(1)
        await resets(http, owner, NO_INPUT, False)
        await resets(http, owner, INPUT, True)
        await asyncio.sleep(1)  # Selkies refuses a connection that follows another one too fast.
        async with http.ws_connect(url + "?role=controller&slot=2", headers=VIEWER) as viewer:
            page = (await answer(http))["sessions"][-1]
            assert page["role"] == "viewer", page
            assert set(page) == {"id", "transport", "role", "slot", "display", "connected_at", "rtt_ms"}, page
            await resets(http, viewer, INPUT, False)


async def resets(http, socket, messages, expected):
    """Selkies handles the messages of a socket in their order; the answer waits for a pong of each socket."""
    drain = asyncio.create_task(read(socket))
    try:
        for message in messages:
            before = await idle(http)  # At least 0.2 s: without a reset, the next answer is that much more than passed.
            sent = time.monotonic()
            await socket.send_str(message)
            await asyncio.sleep(0.2)
            after, passed = await idle(http), time.monotonic() - sent
            reset = after <= passed
            assert reset == expected, f"{message!r}: idle_s was {before} and is {after} after {passed} s"
    finally:
        drain.cancel()


async def read(socket):
    async for _ in socket:
        pass


def load():
    loader = importlib.machinery.SourceFileLoader("start_selkies", PROGRAM)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("start_selkies", loader))
    loader.exec_module(module)
    return module


async def webrtc():
    """The messages of a data channel, from the filter for each role on; only what carries them out is replaced."""
    from selkies.input_handler import WebRTCInput
    from selkies.stream_server import CentralizedStreamServer
    from selkies.webrtc_engine import ClientType, RTCApp
    from selkies.webrtc_mode import WebRTCService

    load().report_input()

    async def nothing(*_):
        return []

    server = object.__new__(CentralizedStreamServer)
    service = object.__new__(WebRTCService)
    app = object.__new__(RTCApp)
    server.services, server.current_mode = {"webrtc": service}, "webrtc"
    service.rtc_app, service._peer_tabs, service._display_owner_tabs = app, {}, {}
    service.input_handler = object.__new__(WebRTCInput)
    service.input_handler._dispatch_message = nothing
    app.peer_connections = {}
    app.on_audio_consumer_active = app.on_video_consumer_active = app.on_stats_open = None
    app.peer_recovery_taken = lambda *_: True
    app.on_data_message = service._on_peer_data_message

    async def seconds():
        return json.loads((await server.handle_sessions(None)).text)["idle_s"]

    for role, messages, expected in (
        (ClientType.CONTROLLER, INPUT, True),
        (ClientType.CONTROLLER, NO_INPUT, False),
        (ClientType.VIEWER, INPUT, False),
    ):
        for message in messages:
            await asyncio.sleep(0.01)
            before = await seconds()
            result = app._on_input_channel_message(message, client_type=role, peer_id="peer")
            if result is not None:
                await result
            assert (await seconds() < before) == expected, (role, message)


def another_version():
    """Selkies starts without the field; with --version it ends at once."""
    code = "import runpy, selkies, sys; selkies.__version__ = sys.argv.pop(1); runpy.run_path(sys.argv.pop(1), run_name='__main__')"
    for version, lines in (("2.1.0", 0), ("9.9.9", 1)):
        run = [sys.executable, "-c", code, version, PROGRAM, "--version"]
        done = subprocess.run(run, capture_output=True, text=True, check=True)
        assert done.stdout == f"selkies {version}\n", done
        logged = [line for line in done.stderr.splitlines() if line.startswith("[start-selkies]")]
        assert len(logged) == lines, done


async def main():
    async with aiohttp.ClientSession() as http:
        await websockets(http)
    await webrtc()


another_version()
asyncio.run(main())
print("passed")
