"""What jupyterlab-lsp does, by the server's own proxy: a notebook as one text, hover, errors, completion, rename; prints JSON."""

import json
import sys

from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

url, folder, text = sys.argv[1:4]
uri = f"file://{folder}/.virtual_documents/notes.ipynb"


class Server:
    def __init__(self, socket):
        self.socket = socket
        self.last = 0

    async def tell(self, method, params):
        await self.socket.write_message(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    async def heard(self, accept):
        while True:
            message = await self.socket.read_message()
            if message is None:
                sys.exit("the proxy has closed the connection")
            message = json.loads(message)
            if accept(message):
                return message

    async def ask(self, method, **params):
        self.last += 1
        number = self.last
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self.socket.write_message(json.dumps(request))
        answer = await self.heard(lambda message: message.get("id") == number and "method" not in message)
        return answer["result"]


async def main():
    server = Server(await websocket_connect(f"{url}/lsp/ws/nabla", max_message_size=2**26))
    capabilities = {"textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}}}
    await server.ask("initialize", processId=None, rootUri=f"file://{folder}", capabilities=capabilities)
    await server.tell("initialized", {})
    document = {"uri": uri, "languageId": "typescript", "version": 1, "text": text}
    await server.tell("textDocument/didOpen", {"textDocument": document})
    told = await server.heard(
        lambda message: message.get("method") == "textDocument/publishDiagnostics"
        and message["params"]["uri"] == uri
        and message["params"]["diagnostics"]
    )

    def at(word, nth=0):
        before = text.split(word)[: nth + 1]
        lines = word.join(before).split("\n")
        return {
            "textDocument": {"uri": uri},
            "position": {"line": len(lines) - 1, "character": len(lines[-1]) + 1},
        }

    print(
        json.dumps(
            {
                "diagnostics": told["params"]["diagnostics"],
                "hover": await server.ask("textDocument/hover", **at("softmax")),
                "rename": await server.ask("textDocument/rename", **at("total"), newName="sum_"),
                "completion": await server.ask("textDocument/completion", **at(".ma")),
            }
        )
    )
    server.socket.close()


IOLoop.current().run_sync(main)
