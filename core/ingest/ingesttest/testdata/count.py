"""Counts with plain SQL what an import must have taken: count.py SETTINGS < QUERIES.

SETTINGS is a JSON list of tables: name, path, columns, and wide, the columns of which each becomes
a row of its name and its value. Every cell is text, an empty one null; a column may be given as
name=name_in_the_file, and is null where the file has none. Two functions help the queries:
number(text), and plain(code) without its point. The rows of the last query, a name and a number
each, are printed as a JSON object.
"""
import csv
import gzip
import json
import math
import sqlite3
import sys


def number(text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def plain(code):
    return code and code.replace(".", "").strip().upper()


def cells(path, columns, wide):
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", newline="") as file:
        rows = csv.reader(line for line in file if not line.startswith("#"))
        header = {column.lower(): i for i, column in enumerate(next(rows))}
        for row in rows:
            row = [cell.strip() or None for cell in row] + [None]
            found = [row[header.get(column, -1)] for column in columns]
            if not wide:
                yield found
            for code in wide:
                yield [*found, code, row[header[code]]]


def load(db, name, path="", columns=(), wide=()):
    names = [column.split("=")[0] for column in columns] + ["code", "value"] * bool(wide)
    db.execute(f"CREATE TABLE {name} ({', '.join(names)})")
    if path:
        rows = cells(path, [column.split("=")[-1] for column in columns], wide)
        db.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(names))})", rows)


def main():
    db = sqlite3.connect(":memory:")
    db.create_function("number", 1, number, deterministic=True)
    db.create_function("plain", 1, plain, deterministic=True)
    for table in json.loads(sys.argv[1]):
        load(db, **table)
    *steps, last = [part for part in sys.stdin.read().split(";") if part.strip()]
    for step in steps:
        db.execute(step)
    json.dump(dict(db.execute(last).fetchall()), sys.stdout)


main()
