"""What a city file says about a list of its own: which column is what, what its words mean, what is dropped."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from sources._kit.contract import load_source, roles

POSITION = ("x", "y")


class ListSettings(BaseModel):
    """How a list maps to a role; `x` and `y` may name the columns of a position, in the feed's CRS."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: ClassVar[str]
    role: ClassVar[str]

    columns: dict[str, str] = Field(min_length=1, description="column of the role -> column of the list")
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="column of the role -> the city's word ('' is an empty cell) -> the house's word",
    )
    constants: dict[str, str] = Field(default_factory=dict, description="column of the role -> value of every row")
    ignore: list[str] = Field(default_factory=list, description="columns of the list that are dropped unread")
    encoding: str | None = Field(None, description="of a CSV; default UTF-8, then cp1252")
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="of a CSV; default by the first line")
    sheet: str | None = Field(None, description="of an Excel file; default the only one that holds anything")

    @field_validator("columns", "values", "constants")
    @classmethod
    def _role_columns(cls, table: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        known = roles()[cls.role].columns
        allowed = {*known, *POSITION} if info.field_name == "columns" else set(known)
        if unknown := sorted(set(table) - allowed):
            raise ValueError(
                f"`{unknown[0]}` is no column of a {cls.role.replace('_', ' ')}; those are {', '.join(known)}"
            )
        return table

    @field_validator("columns")
    @classmethod
    def _no_personal_data(cls, columns: dict[str, str]) -> dict[str, str]:
        for name in columns.values():
            if is_personal(name):
                raise ValueError(f"`{name}` looks like personal data, which never enters; take it out of `columns`")
        if len(set(POSITION) & set(columns)) == 1:
            raise ValueError("a position needs both `x` and `y`")
        return columns

    @model_validator(mode="after")
    def _house_words(self) -> ListSettings:
        words = {name: {"", *allowed} for name, allowed in vocabulary(self.source).items()}
        for name, table in {**self.values, **{n: {n: v} for n, v in self.constants.items()}}.items():
            for word in table.values():
                if name in words and word not in words[name]:
                    raise ValueError(f"`{word}` is no {name}; those are {', '.join(sorted(words[name] - {''}))}")
        if twice := sorted(set(self.columns) & set(self.constants)):
            raise ValueError(f"`{twice[0]}` is both in `columns` and in `constants`")
        if unmapped := sorted(set(self.values) - set(self.columns)):
            raise ValueError(f"`values.{unmapped[0]}` translates a column that `columns` does not name")
        return self


def is_personal(column: str) -> bool:
    """Does a column's name say that it holds an owner or another person?"""
    plain = "".join(letter for letter in column.lower() if letter.isalnum())
    return any(word in plain for word in load_source("vacancy_register").info.reader["personal_words"])


def vocabulary(source: str) -> dict[str, list[str]]:
    """The house's words, for the columns of a source's role that have a fixed list of them."""
    words: dict[str, list[str]] = load_source(source).info.reader["vocabulary"]
    return words
