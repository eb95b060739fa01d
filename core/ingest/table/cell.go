package table

import (
	"bytes"
	"math"
	"strconv"
)

// Int reads a cell as a whole number. It is false for an empty cell, and for one that
// holds something else, for which the row is rejected.
func (r *Reader) Int(cell int) (int64, bool) {
	b := bytes.TrimSpace(r.cells[cell])
	if len(b) == 0 {
		return 0, false
	}
	v, ok := parseInt(b)
	if !ok {
		r.Reject(cell, "is no whole number", "")
	}
	return v, ok
}

// parseInt also reads 12345.0, as tables have it that went through pandas.
func parseInt(b []byte) (int64, bool) {
	digits, negative := b, false
	if digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	if rest, ok := bytes.CutSuffix(digits, []byte(".0")); ok {
		digits = rest
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = 10*v + int64(c-'0')
	}
	if negative {
		v = -v
	}
	return v, true
}

// Float reads a cell as a number. It is false for an empty cell, and for one that holds
// something else, for which the row is rejected.
func (r *Reader) Float(cell int) (float64, bool) {
	b := bytes.TrimSpace(r.cells[cell])
	if len(b) == 0 {
		return 0, false
	}
	v, ok := ParseFloat(b)
	if !ok {
		r.Reject(cell, "is no number", "")
	}
	return v, ok
}

// ParseFloat reads a finite number.
func ParseFloat(b []byte) (float64, bool) {
	if v, ok := parseDecimal(b); ok {
		return v, true
	}
	v, err := strconv.ParseFloat(string(b), 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}

// tens are the powers of ten that a float64 holds exactly.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseDecimal reads -12.345 and the like. With up to 15 digits both the digits and the
// power of ten are exact, so that their quotient is rounded once, as it should be
// (Clinger, How to read floating point numbers accurately, 1990).
func parseDecimal(b []byte) (float64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 16 {
		return 0, false
	}
	var digits uint64
	point, count := -1, 0
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits = 10*digits + uint64(c-'0')
			count++
		case c == '.' && point < 0:
			point = i
		default:
			return 0, false
		}
	}
	if count == 0 || count > 15 {
		return 0, false
	}
	v := float64(digits)
	if point >= 0 {
		v /= tens[len(b)-1-point]
	}
	if negative {
		v = -v
	}
	return v, true
}

// Time reads a cell as a date, with or without a time of day, in seconds since 1970. It
// is false for an empty cell, and for one that holds something else, for which the row
// is rejected.
func (r *Reader) Time(cell int) (int64, bool) {
	b := bytes.TrimSpace(r.cells[cell])
	if len(b) == 0 {
		return 0, false
	}
	v, ok := ParseTime(b)
	if !ok {
		r.Reject(cell, "is no time", "write it as 2150-01-31 23:59:59")
	}
	return v, ok
}

// ParseTime reads 2150-01-31, 2150-01-31 23:59 or 2150-01-31 23:59:59, also with a T
// between and with a fraction of a second, which is cut off.
func ParseTime(b []byte) (seconds int64, ok bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, ok1 := number(b[0:4])
	month, ok2 := number(b[5:7])
	day, ok3 := number(b[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	clock, ok := parseClock(b[10:])
	return 86400*daysSince1970(year, month, day) + clock, ok
}

// parseClock reads the time of day after a date.
func parseClock(b []byte) (int64, bool) {
	if len(b) == 0 {
		return 0, true
	}
	if len(b) < 6 || b[0] != ' ' && b[0] != 'T' || b[3] != ':' {
		return 0, false
	}
	hour, ok1 := number(b[1:3])
	minute, ok2 := number(b[4:6])
	var second int64
	ok3 := true
	if b = b[6:]; len(b) > 0 {
		if len(b) < 3 || b[0] != ':' {
			return 0, false
		}
		second, ok3 = number(b[1:3])
		if b = b[3:]; len(b) > 0 {
			if _, digits := number(b[1:]); b[0] != '.' || !digits || len(b) == 1 {
				return 0, false
			}
		}
	}
	return 3600*hour + 60*minute + second, ok1 && ok2 && ok3 && hour < 24 && minute < 60 && second < 60
}

// number reads digits alone.
func number(b []byte) (int64, bool) {
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = 10*v + int64(c-'0')
	}
	return v, true
}

var monthDays = [...]int64{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func daysIn(year, month int64) int64 {
	if month == 2 && (year%4 == 0 && year%100 != 0 || year%400 == 0) {
		return 29
	}
	return monthDays[month-1]
}

// daysSince1970 counts the days of the Gregorian calendar from eras of 400 years that
// begin in March, so that the leap day is the last of a year (Richards, Mapping Time,
// 1998).
func daysSince1970(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	ofEra := year - 400*era
	ofYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}
