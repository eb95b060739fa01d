package config

import "strings"

// Nearest is the candidate closest to a mistyped name, or "" where none is close
// enough to be what was meant: one slip in three letters.
func Nearest(name string, candidates []string) string {
	best, least := "", len(name)/3+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least || d == least && best == "" {
			best, least = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, substitutions and swaps of neighbours
// that turn a into b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// suggestKey ends a sentence about an unknown key of the section at path: a key
// beside it that is spelt much like it, else the same name elsewhere, else all keys
// beside it.
func suggestKey(path, name string, here *schema) string {
	var beside, elsewhere []string
	for _, f := range here.fields {
		beside = append(beside, f.name)
	}
	if n := Nearest(name, beside); n != "" {
		return "; did you mean " + join(path, n) + "?"
	}
	for _, key := range configSchema().keys("") {
		if key == name || strings.HasSuffix(key, "."+name) {
			elsewhere = append(elsewhere, key)
		}
	}
	if len(elsewhere) > 0 {
		return "; did you mean " + strings.Join(elsewhere, " or ") + "?"
	}
	return "; known here are " + strings.Join(beside, ", ")
}
