package helpcentre

import (
	"strings"
	"unicode"
)

// invisible are characters that change how a text looks without being seen:
// bidirectional overrides, which turn "exe.pdf" around, zero-width ones, tags and
// variation selectors of the kind that hide messages.
// Source: https://www.unicode.org/reports/tr36/ and
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00AD, Hi: 0x00AD, Stride: 1}, {Lo: 0x061C, Hi: 0x061C, Stride: 1}, {Lo: 0x180E, Hi: 0x180E, Stride: 1},
		{Lo: 0x200B, Hi: 0x200B, Stride: 1}, {Lo: 0x200E, Hi: 0x200F, Stride: 1}, {Lo: 0x202A, Hi: 0x202E, Stride: 1},
		{Lo: 0x2060, Hi: 0x206F, Stride: 1}, {Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1}, {Lo: 0xFFF9, Hi: 0xFFFB, Stride: 1},
	},
	R32:         []unicode.Range32{{Lo: 0x1BCA0, Hi: 0x1BCA3, Stride: 1}, {Lo: 0x1D173, Hi: 0x1D17A, Stride: 1}, {Lo: 0xE0000, Hi: 0xE0FFF, Stride: 1}},
	LatinOffset: 1,
}

// hidden reports whether a text has characters that are not seen.
func hidden(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(invisible, r) || unicode.IsControl(r) })
}

// visible is a text without characters that are not seen; line breaks and tabs
// stay.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(invisible, r) || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// line is a text without characters that are not seen, on one line.
func line(text string) string {
	return strings.Join(strings.Fields(visible(strings.NewReplacer("\r", " ", "\v", " ", "\f", " ").Replace(text))), " ")
}
