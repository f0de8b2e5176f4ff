"""The known name nearest to a mistyped one."""


def nearest(word, known, most=3):
    """The member of `known` at most `most` edits away from `word`, the closest first; or None."""
    best, best_distance = None, most + 1
    for candidate in sorted(known):
        if abs(len(candidate) - len(word)) > most:
            continue
        distance = edits(word, candidate)
        if distance < best_distance:
            best, best_distance = candidate, distance
    return best


def edits(a, b):
    """Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (char != other))
    return row[-1]
