"""Writes the folder ward: an invented ward, in which nobody ever was. Who deteriorates has
a faster heart, and notes that say so in other words than those of the others."""

import csv
import random
from pathlib import Path

WELL = [
    "slept well", "walked to the window", "ate most of lunch", "no pain", "in good spirits", "wound is dry",
    "asks when to go home", "breathing easily", "drinks enough", "family visited",
]  # fmt: skip
WORSE = [
    "short of breath at rest", "confused this morning", "skin is mottled", "refused to eat", "needs more oxygen",
    "hardly rousable", "cold hands", "pain despite treatment", "restless all night", "passed little urine",
]  # fmt: skip
STAYS, HOURS = 240, 24


def main() -> None:
    chance = random.Random(1)
    stays, notes, monitor = [], [], []
    for stay in range(STAYS):
        worse = chance.random() < 0.4
        split = chance.choices(["train", "val", "test"], [3, 1, 1])[0]
        stays.append([stay, stay, split, int(worse)])
        for hour in range(0, HOURS, 4):
            rate = chance.gauss(87 if worse else 84, 12)
            monitor.append([stay, hour + round(chance.random(), 2), round(rate)])
        for _ in range(chance.choices([0, 1, 2, 3], [3, 4, 4, 2])[0]):  # some have none
            said = [chance.choice(WORSE if chance.random() < (0.6 if worse else 0.2) else WELL) for _ in range(3)]
            notes.append([stay, round(chance.uniform(0, HOURS), 2), ", ".join(said).capitalize() + "."])
    folder = Path(__file__).with_name("ward")
    for name, header, rows in [
        ("samples", ["id", "patient", "split", "deteriorates"], stays),
        ("notes", ["sample", "time", "text"], notes),
        ("monitor", ["sample", "time", "heart_rate"], monitor),
    ]:
        with open(folder / f"{name}.csv", "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    main()
