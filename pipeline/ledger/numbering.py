"""Official numbers: given once, in the order asked, never used again."""

from datetime import date


def next_numbers(taken: list[str], how_many: int, pattern: str, code: str, as_of: date) -> list[str]:
    """The next `how_many` numbers of the as-of year; `pattern` is e.g. "ST{code}-{year}-{number:04d}"."""
    used = set(taken)
    numbers: list[str] = []
    running = 0
    while len(numbers) < how_many:
        running += 1
        number = pattern.format(code=code, year=as_of.year, number=running)
        if number not in used:
            numbers.append(number)
    return numbers
