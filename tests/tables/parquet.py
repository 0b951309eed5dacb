"""Holds a run's rows.parquet against its rows.jsonl and its manifest, with pyarrow."""

import json
import pathlib
import sys

import pyarrow.parquet as pq

run = pathlib.Path(sys.argv[1])
manifest = json.loads((run / "manifest.json").read_text())
rows = [json.loads(line) for line in (run / "rows.jsonl").read_text().splitlines()]
file = pq.ParquetFile(run / "rows.parquet")
told = file.metadata.metadata
table = file.read()

assert told[b"etalon.schema"] == b"etalon.batch-parquet/1", told
assert told[b"etalon.rows_csv_sha256"].decode() == manifest["tables"]["rows.csv"]
assert table.column_names == [column["name"] for column in manifest["columns"]]
types = {"text": "large_string", "integer": "int64", "number": "double"}
for column in manifest["columns"]:
    field = file.schema_arrow.field(column["name"])
    metadata = field.metadata or {}
    assert str(field.type) == types[column["kind"]], field
    assert metadata.get(b"unit", b"").decode() == column["unit"], field
    assert metadata[b"about"].decode() == column["about"], field
cells = 0
for name in table.column_names:
    for row, found in zip(rows, table[name].to_pylist(), strict=True):
        assert found == row.get(name), (row["path"], name, found, row.get(name))
        cells += found is not None
assert len(rows) == sum(manifest["rows"][k] for k in ("ok", "flagged", "rejected", "failed"))
print(f"rows.parquet: {len(rows)} rows, {len(table.column_names)} columns, {cells} values as in rows.jsonl")
