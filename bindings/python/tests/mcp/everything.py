"""A server of mcp 2 with the tools, resources and prompts that the MCP conformance suite asks for by name."""

from __future__ import annotations

import base64
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    AudioContent,
    ElicitRequest,
    ElicitRequestFormParams,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    TextContent,
    TextResourceContents,
)

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
WAV = base64.b64encode(b"RIFF$\x00\x00\x00WAVEfmt ").decode()


def everything(extensions: Any = ()) -> MCPServer:
    server = MCPServer("everything", extensions=list(extensions))
    _contents(server)
    _rounds(server)
    _others(server)
    return server


def _contents(server: MCPServer) -> None:
    embedded = EmbeddedResource(
        type="resource",
        resource=TextResourceContents(uri="test://embedded-resource", mime_type="text/plain", text="embedded"),
    )

    @server.tool(structured_output=False)
    def test_simple_text() -> str:
        return "This is a simple text response for testing."

    @server.tool(structured_output=False)
    def test_image_content() -> ImageContent:
        return ImageContent(type="image", data=PNG, mime_type="image/png")

    @server.tool(structured_output=False)
    def test_audio_content() -> AudioContent:
        return AudioContent(type="audio", data=WAV, mime_type="audio/wav")

    @server.tool(structured_output=False)
    def test_embedded_resource() -> EmbeddedResource:
        return embedded

    @server.tool(structured_output=False)
    def test_multiple_content_types() -> list[Any]:
        return [
            TextContent(type="text", text="mixed"),
            ImageContent(type="image", data=PNG, mime_type="image/png"),
            embedded,
        ]

    @server.tool(structured_output=False)
    def test_error_handling() -> str:
        raise ValueError("This tool intentionally returns an error for testing")

    @server.tool(structured_output=False)
    async def test_tool_with_progress(ctx: Context) -> str:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
        return "done"


def _rounds(server: MCPServer) -> None:
    def ask(key: str, state: str | None) -> InputRequiredResult:
        form = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        question = ElicitRequest(params=ElicitRequestFormParams(message=f"{key}?", requested_schema=form))
        return InputRequiredResult(input_requests={key: question}, request_state=state)

    @server.tool(structured_output=False)
    def test_input_required_result_elicitation(ctx: Context) -> str | InputRequiredResult:
        return "hello" if "user_name" in (ctx.input_responses or {}) else ask("user_name", None)

    @server.tool(structured_output=False)
    def test_input_required_result_request_state(ctx: Context) -> str | InputRequiredResult:
        return "state-ok" if ctx.request_state == "kept" else ask("confirm", "kept")

    @server.tool(structured_output=False)
    def test_input_required_result_multi_round(ctx: Context) -> str | InputRequiredResult:
        if ctx.request_state == "second":
            return "all rounds done"
        return ask("step2", "second") if ctx.request_state == "first" else ask("step1", "first")


def _others(server: MCPServer) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        return base64.b64decode(PNG)

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:
        return f'{{"id":"{id}","templateTest":true,"data":"Data for ID: {id}"}}'

    @server.prompt()
    def test_simple_prompt() -> str:
        return "This is a simple prompt for testing."

    @server.prompt()
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"
