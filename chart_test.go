package main

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"testing"

	"github.com/signpost-bot/signpost/bot"
)

// week is a picture with the longest words that there are.
func week(values ...[]int) bot.Picture {
	p := bot.Picture{Title: "Perguntas, e como terminaram", Labels: []string{"Seg", "Ter", "Qua", "Qui", "Sex", "Sáb", "Dom"}}
	for i, name := range []string{"ajudou", "em silêncio", "sem solução", "chamados"} {
		p.Series = append(p.Series, bot.Series{Name: name, Values: values[i]})
	}
	return p
}

func drawn(t *testing.T, p bot.Picture) image.Image {
	t.Helper()
	data, err := draw(p)
	if err != nil {
		t.Fatal(err)
	}
	// Slack measures at most 1 MiB of a file, and phones are on the way.
	if len(data) > 200_000 {
		t.Errorf("the picture has %d bytes", len(data))
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDraw(t *testing.T) {
	m := drawn(t, week([]int{12, 9, 14, 8, 11, 3, 2}, []int{20, 18, 22, 17, 15, 6, 5}, []int{4, 6, 3, 5, 4, 1, 0}, []int{5, 4, 7, 3, 6, 1, 1}))
	if m.Bounds().Dx() != chartWidth || m.Bounds().Dy() != chartHeight {
		t.Errorf("the picture is %v", m.Bounds())
	}
	// On any ground it looks the same.
	opaque, ok := m.(interface{ Opaque() bool })
	if !ok || !opaque.Opaque() {
		t.Error("what is behind the picture shows through")
	}
	const golden = "testdata/week.png"
	if flag.Lookup("update").Value.String() == "true" { // that of chattest
		var out bytes.Buffer
		if err := png.Encode(&out, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	// Edges of letters may come out a shade different on another processor.
	off := 0
	for y := range chartHeight {
		for x := range chartWidth {
			if unlike(m.At(x, y), want.At(x, y)) > 0.2 {
				off++
			}
		}
	}
	if off > chartWidth*chartHeight/1000 {
		t.Errorf("%d pixels differ from %s; if intended, look at it after go test -update", off, golden)
	}
}

// unlike is how far two colours are from each other, 0 to 1.
func unlike(a, b color.Color) float64 {
	far := 0.0
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	for _, d := range []float64{float64(ar) - float64(br), float64(ag) - float64(bg), float64(ab) - float64(bb)} {
		far = max(far, math.Abs(d)/0xffff)
	}
	return far
}

// A quiet week is drawn, too, and a very busy one.
func TestDrawAnyWeek(t *testing.T) {
	none := make([]int, 7)
	drawn(t, week(none, none, none, none))
	many := []int{123456, 1, 0, 99999, 5, 7, 100000}
	drawn(t, week(many, many, many, many))
	drawn(t, bot.Picture{})
}

// Lines stand at whole numbers, not far above the highest bar.
func TestScale(t *testing.T) {
	for height, want := range map[int][2]int{1: {1, 1}, 10: {1, 10}, 11: {2, 6}, 19: {2, 10}, 21: {5, 5}, 27: {5, 6}, 99: {10, 10}, 101: {20, 6}, 493_824: {50_000, 10}} {
		if step, count := scale(height); [2]int{step, count} != want {
			t.Errorf("scale(%d) = %d times %d", height, count, step)
		}
	}
	for height := 1; height < 20_000; height++ {
		if step, count := scale(height); step*count < height || step*(count-1) >= height || count > 10 {
			t.Errorf("scale(%d) = %d times %d", height, count, step)
		}
	}
}

func TestDrawContrast(t *testing.T) {
	light := func(c color.Color) float64 {
		linear := func(v uint32) float64 {
			f := float64(v) / 0xffff
			if f <= 0.04045 {
				return f / 12.92
			}
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		r, g, b, _ := c.RGBA()
		return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
	}
	contrast := func(a, b color.Color) float64 {
		x, y := light(a), light(b)
		return (max(x, y) + 0.05) / (min(x, y) + 0.05)
	}
	if got := contrast(chartInk, chartPaper); got < 7 {
		t.Errorf("text has a contrast of %.1f", got)
	}
	for i, part := range chartParts {
		if got := contrast(part, chartPaper); got < 3 {
			t.Errorf("part %d has a contrast of %.1f to the ground", i, got)
		}
	}
}
