"""The JSON Schemas of what commands print with --json, for those who build on it.

`python -m crawler.cli.schemas` writes them anew into the folder schema/ of the shipped configuration.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from crawler.cli.extracted import Extracted
from crawler.config.places import shipped_config
from pipelines.archive.explain_answer import Answer
from pipelines.digest.model import Digest
from pipelines.health.status_model import Status
from pipelines.search.model import Found

DOCUMENTS: dict[str, type[Any]] = {
    "digest": Digest,
    "explain": Answer,
    "extract": Extracted,
    "search": Found,
    "status": Status,
}


def schema_file(command: str) -> Path:
    return shipped_config() / "schema" / f"{command}.schema.json"


def schema_text(command: str) -> str:
    """The schema of the document that `presswatch COMMAND --json` prints."""
    schema = TypeAdapter(DOCUMENTS[command]).json_schema(mode="serialization")
    dialect = {"$schema": GenerateJsonSchema.schema_dialect, "title": f"presswatch {command} --json"}
    return json.dumps({**schema, **dialect}, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> None:
    for command in DOCUMENTS:
        file = schema_file(command)
        file.parent.mkdir(exist_ok=True)
        file.write_text(schema_text(command), encoding="utf-8")


if __name__ == "__main__":
    main()
