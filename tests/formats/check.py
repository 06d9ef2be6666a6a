# Does every exported line pass what OCSF and OpenTelemetry publish, and would a wrong one be found?
import base64
import copy
import json
import pathlib
import re
import sys

import opentelemetry.semconv
from google.protobuf import json_format
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

state = pathlib.Path(sys.argv[1])


def lines_of(name):
    return [json.loads(line) for line in (state / name).read_text().splitlines()]


leaves = lines_of("jsonl")
kinds = {leaf["event"] for leaf in leaves}
assert len(kinds) == 20, kinds


class Ocsf:
    """The published schema of one version, a validator a class and set of profiles."""

    def __init__(self, version):
        self.schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version))
        self.validators = {}

    def faults(self, event):
        profiles = tuple(event["metadata"].get("profiles", []))
        key = (event.get("class_uid"), profiles)
        if key not in self.validators:
            name = self.schema.lookup_class_name_from_uid(key[0])
            document = self.schema.get_class_schema(name, list(profiles))
            Draft202012Validator.check_schema(document)
            self.validators[key] = Draft202012Validator(document)
        return [f"{error.json_path}: {error.message[:200]}" for error in self.validators[key].iter_errors(event)]


def check_ocsf(version):
    ocsf = Ocsf(version)
    events = lines_of("ocsf")
    assert len(events) == len(leaves)
    for event, leaf in zip(events, leaves):
        faults = ocsf.faults(event)
        assert not faults, (version, event, faults)
        assert event["metadata"]["uid"] == str(leaf["log_index"])
        assert event["metadata"]["event_code"] == leaf["event"]
        assert event["metadata"].get("correlation_uid") == leaf.get("txn")
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["time"] == leaf["time_us"] // 1000
        # The schema's captions of its own numbers.
        attributes = ocsf.schema.schema.schema["classes"][ocsf.schema.lookup_class_name_from_uid(event["class_uid"])]["attributes"]
        for number, caption in (("severity_id", "severity"), ("activity_id", "activity_name"), ("status_id", "status")):
            if event[number] != 99:
                assert attributes[number]["enum"][str(event[number])]["caption"] == event[caption], (event, number)
    # Faults of each sort are found: a member that must be there, a number without meaning, a member nobody knows.
    for harm in (
        lambda e: e.pop("severity_id"),
        lambda e: e.update(activity_id=77),
        lambda e: e.update(colour="red"),
        lambda e: e["metadata"].pop("product"),
        lambda e: e.update(time="yesterday"),
    ):
        for event in events[:60]:
            wrong = copy.deepcopy(event)
            harm(wrong)
            assert ocsf.faults(wrong), (version, wrong)
    return len(events)


def in_base64(record):
    """OTLP writes ids in hex; the JSON form of protobuf, which its classes read, has bytes in base64."""
    for name, size in (("traceId", 16), ("spanId", 8), ("parentSpanId", 8)):
        if name in record:
            raw = bytes.fromhex(record[name])
            assert len(raw) == size and any(raw)
            record[name] = base64.b64encode(raw).decode()


def conventions():
    """Every name in the semantic conventions, stable or not, as the package spells its constants."""
    names = set()
    for folder in opentelemetry.semconv.__path__:
        for file in pathlib.Path(folder).rglob("*_attributes.py"):
            names.update(re.findall(r'^[A-Z0-9_]+: Final = "([a-z0-9_.]+)"', file.read_text(), re.M))
    assert len(names) > 500, len(names)
    return names


def check_otlp():
    known = conventions()
    requests = lines_of("otlp")
    assert len(requests) == len(leaves)
    traces = 0
    for request, leaf in zip(requests, leaves):
        for logs in request["resourceLogs"]:
            for scope in logs["scopeLogs"]:
                for record in scope["logRecords"]:
                    in_base64(record)
        message = json_format.ParseDict(request, ExportLogsServiceRequest(), ignore_unknown_fields=False)
        (logs,) = message.resource_logs
        resource = {a.key: a.value.string_value for a in logs.resource.attributes}
        assert resource == {"service.name": "jetond", "service.instance.id": "acme.example/jeton/1"}, resource
        (record,) = logs.scope_logs[0].log_records
        assert record.time_unix_nano == leaf["time_us"] * 1000
        assert record.event_name == "jeton." + leaf["event"]
        assert 1 <= record.severity_number <= 24
        attributes = {a.key: a.value for a in record.attributes}
        assert len(attributes) == len(record.attributes), "a key is there twice"
        for key in attributes:
            assert key.startswith("jeton.") or key in known, key
        assert attributes["jeton.log_index"].int_value == leaf["log_index"]
        if "tool" in leaf:
            assert attributes["gen_ai.tool.name"].string_value == leaf["tool"]
        if leaf.get("traceparent", "").startswith("00-"):
            _, trace, span, flags = leaf["traceparent"].split("-")
            assert record.trace_id.hex() == trace and record.span_id.hex() == span and record.flags == int(flags, 16)
            traces += 1
        else:
            assert not record.trace_id
    assert traces > 20
    wrong = copy.deepcopy(requests[0])
    wrong["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["colour"] = "red"
    try:
        json_format.ParseDict(wrong, ExportLogsServiceRequest())
    except json_format.ParseError:
        return len(requests)
    raise AssertionError("a member nobody knows was taken")


def check_traces():
    known = conventions()
    requests = lines_of("otlp-traces")
    ids = set()
    for request in requests:
        for spans in request["resourceSpans"]:
            for scope in spans["scopeSpans"]:
                for span in scope["spans"]:
                    in_base64(span)
        message = json_format.ParseDict(request, ExportTraceServiceRequest(), ignore_unknown_fields=False)
        (resource_spans,) = message.resource_spans
        call, *attempts = resource_spans.scope_spans[0].spans
        of_call = {a.key: a.value for a in call.attributes}
        mints = [leaf for leaf in leaves if leaf.get("txn") == of_call["jeton.txn"].string_value and leaf["event"] == "token.minted"]
        assert call.name == "execute_tool " + mints[0]["tool"] == "execute_tool " + of_call["gen_ai.tool.name"].string_value
        assert len(attempts) == len(mints) == of_call["jeton.attempts"].int_value
        ending = leaves[of_call["jeton.log_index"].int_value]
        assert ending["txn"] == of_call["jeton.txn"].string_value
        assert call.end_time_unix_nano == ending["time_us"] * 1000 and call.start_time_unix_nano == mints[0]["time_us"] * 1000
        for span in (call, *attempts):
            assert span.kind == Span.SPAN_KIND_INTERNAL and span.trace_id == call.trace_id
            assert span.start_time_unix_nano <= span.end_time_unix_nano
            assert span.span_id not in ids
            ids.add(span.span_id)
            for key in (a.key for a in span.attributes):
                assert key.startswith("jeton.") or key in known, key
        for span in attempts:
            assert span.parent_span_id == call.span_id
    by_status = sorted(request["resourceSpans"][0]["scopeSpans"][0]["spans"][0].get("status", {}).get("code", 0) for request in requests)
    assert by_status == [Status.STATUS_CODE_UNSET, Status.STATUS_CODE_OK, Status.STATUS_CODE_ERROR], by_status
    assert len(requests) == 3 and len(ids) == 7, (len(requests), len(ids))
    wrong = copy.deepcopy(requests[0])
    wrong["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["colour"] = "red"
    try:
        json_format.ParseDict(wrong, ExportTraceServiceRequest())
    except json_format.ParseError:
        return len(requests)
    raise AssertionError("a member nobody knows was taken")


# The version that is written, and the newest that was published: what is new in it must not be missing.
for version in ("1.5.0", "1.8.0"):
    print(f"{check_ocsf(version)} lines pass OCSF {version}")
print(f"{check_otlp()} lines pass OTLP")
print(f"{check_traces()} calls pass OTLP as spans")
