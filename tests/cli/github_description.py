"""GitHub's own OpenAPI description of its REST API: cut to what the agent uses, and as a judge of exchanges."""

import json
import re

import jsonschema
import referencing
import referencing.jsonschema

from store_helpers import TOOLS

FILE = TOOLS / "prism" / "node_modules" / "@octokit" / "openapi" / "generated" / "api.github.com.json"
REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = [  # all that the agent sends
    ("get", "/user"),
    ("get", REPOSITORY),
    ("get", REPOSITORY + "/commits"),
    ("get", REPOSITORY + "/commits/{ref}"),
    ("get", REPOSITORY + "/commits/{ref}/check-runs"),
    ("get", REPOSITORY + "/compare/{basehead}"),
    ("get", REPOSITORY + "/contents/{path}"),
    ("get", REPOSITORY + "/issues"),
    ("post", REPOSITORY + "/dispatches"),
    ("post", REPOSITORY + "/actions/workflows/{workflow_id}/dispatches"),
    ("get", REPOSITORY + "/actions/workflows/{workflow_id}/runs"),
    ("get", REPOSITORY + "/actions/runs"),
    ("get", REPOSITORY + "/actions/runs/{run_id}"),
    ("get", REPOSITORY + "/actions/runs/{run_id}/jobs"),
    ("post", REPOSITORY + "/actions/runs/{run_id}/cancel"),
    ("get", REPOSITORY + "/actions/runs/{run_id}/artifacts"),
    ("get", REPOSITORY + "/actions/artifacts"),
    ("get", REPOSITORY + "/actions/artifacts/{artifact_id}"),
    ("get", REPOSITORY + "/actions/artifacts/{artifact_id}/{archive_format}"),
    ("get", REPOSITORY + "/issues/{issue_number}/comments"),
    ("post", REPOSITORY + "/issues/{issue_number}/comments"),
    ("get", REPOSITORY + "/issues/comments/{comment_id}"),
    ("patch", REPOSITORY + "/issues/comments/{comment_id}"),
    ("post", REPOSITORY + "/issues/comments/{comment_id}/reactions"),
    ("post", REPOSITORY + "/check-runs"),
    ("get", REPOSITORY + "/check-runs/{check_run_id}"),
    ("patch", REPOSITORY + "/check-runs/{check_run_id}"),
    ("get", REPOSITORY + "/collaborators/{username}/permission"),
    ("get", REPOSITORY + "/pulls"),
    ("get", REPOSITORY + "/pulls/{pull_number}"),
]
ELSEWHERE = {("get", REPOSITORY + "/contents/{path}"), ("get", REPOSITORY + "/issues")}  # by the bot and `alerts` alone
ANYWHERE = {401, 403, 404, 410, 422, 429, 500, 502, 503}  # GitHub answers so to anything, described or not
UNDESCRIBED = ["head/repo: None is not of type 'object'"]  # what a pull request has when its fork is gone


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


def prune(whole):
    """The description with OPERATIONS and what they refer to."""
    paths = {}
    for method, path in OPERATIONS:
        item = whole["paths"][path]
        kept = paths.setdefault(path, {"parameters": item["parameters"]} if "parameters" in item else {})
        kept[method] = item[method]
    components, left = {}, list(references(paths))
    while left:
        kind, name = left.pop().removeprefix("#/components/").split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = whole["components"][kind][name]
            left += references(components[kind][name])
    return {"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": components}


def load():
    return prune(json.loads(FILE.read_text()))


def with_recommended_type(description):
    """For Prism: what comes as application/json also comes as GitHub's recommended type, and all on one page."""
    copy = json.loads(json.dumps(description))
    answers = [*copy["components"].get("responses", {}).values()]
    for item in copy["paths"].values():
        answers += [a for method, operation in item.items() if method != "parameters"
                    for a in operation["responses"].values()]
    for answer in answers:
        answer.pop("headers", None)  # the example of a Link leads to the real api.github.com
        content = answer.get("content", {})
        if "application/json" in content:
            content["application/vnd.github+json"] = content["application/json"]
    return copy


def as_json_schema(value):
    """OpenAPI 3.0 says `nullable` where JSON Schema has the type null."""
    if isinstance(value, list):
        return [as_json_schema(child) for child in value]
    if not isinstance(value, dict):
        return value
    schema = {name: as_json_schema(child) for name, child in value.items()}
    if isinstance(schema.get("$ref"), str):
        schema["$ref"] = "urn:github" + schema["$ref"]
    if schema.pop("nullable", False) is True:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


class Judge:
    def __init__(self, description):
        self.description = description
        self.whole = as_json_schema(description)
        resource = referencing.Resource(contents=self.whole, specification=referencing.jsonschema.DRAFT4)
        self.registry = referencing.Registry().with_resource("urn:github", resource)
        self.routes = []
        for method, path in OPERATIONS:
            pattern = re.compile("^" + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$")
            self.routes.append((path.count("{"), method, pattern, path))
        self.routes.sort(key=lambda route: route[0])
        self.used = set()

    def resolve(self, value):
        if "$ref" not in value:
            return value
        found = self.whole
        for name in value["$ref"].removeprefix("urn:github#/").split("/"):
            found = found[name]
        return found

    def errors(self, schema, value, where):
        validator = jsonschema.Draft4Validator(schema, registry=self.registry)
        return [f"{where}: {'/'.join(map(str, e.absolute_path))}: {e.message[:300]}"
                for e in validator.iter_errors(value)
                if f"{'/'.join(map(str, list(e.absolute_path)[-2:]))}: {e.message}" not in UNDESCRIBED]

    def operation(self, record):
        for _, method, pattern, name in self.routes:
            if method == record.method.lower() and pattern.match(record.target):
                return name, self.whole["paths"][name][method]
        return None, None

    def check(self, record):
        """What is wrong with one recorded exchange."""
        name, operation = self.operation(record)
        where = f"{record.method} {record.path}"
        if operation is None:
            return [f"{where}: no such operation"]
        self.used.add((record.method.lower(), name))
        return (self.check_query(operation, record, where) + self.check_body(operation, record, where)
                + self.check_answer(operation, record, where))

    def check_query(self, operation, record, where):
        wrong = []
        known = {p["name"]: p for p in map(self.resolve, operation.get("parameters", [])) if p["in"] == "query"}
        for name, text in record.query.items():
            if name not in known:
                wrong.append(f"{where}: there is no query parameter {name}")
                continue
            schema = self.resolve(known[name]["schema"])
            value = int(text) if schema.get("type") == "integer" and text.isdigit() else text
            wrong += self.errors(schema, value, f"{where}?{name}")
        return wrong

    def check_body(self, operation, record, where):
        if "requestBody" not in operation:
            return [f"{where}: takes no body"] if record.body is not None else []
        body = self.resolve(operation["requestBody"])
        if record.body is None:
            return [f"{where}: needs a body"] if body.get("required") else []
        return self.errors(body["content"]["application/json"]["schema"], record.body, f"{where} body")

    def check_answer(self, operation, record, where):
        answer = operation["responses"].get(str(record.status))
        if record.status == 0 or (answer is None and record.status in ANYWHERE):
            return []
        if answer is None:
            return [f"{where}: may not be answered with {record.status}"]
        content = self.resolve(answer).get("content")
        if not content:
            return []
        return self.errors(content["application/json"]["schema"], record.answer, f"{where} answer {record.status}")
