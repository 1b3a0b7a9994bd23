package embedding

import (
	"bytes"
	"slices"
	"testing"
)

// scanned are the first numbers of the sound records.
func scanned(t *testing.T, data []byte, dims int) []float32 {
	t.Helper()
	var got []float32
	must(t, scan(bytes.NewReader(data), dims, func(_ key, record []byte) bool {
		got = append(got, vectorOf(record)[0])
		return true
	}))
	return got
}

// TestScanTorn: a process may be killed while it writes, and others write on.
func TestScanTorn(t *testing.T) {
	first, second, third := appendRecord(nil, keyOf("a"), []float32{1, 0}), appendRecord(nil, keyOf("b"), []float32{2, 0}), appendRecord(nil, keyOf("c"), []float32{3, 0})
	for cut := range second {
		torn := slices.Concat(first, second[:cut])
		if got := scanned(t, torn, 2); !slices.Equal(got, []float32{1}) {
			t.Errorf("torn after %d bytes: %v", cut, got)
		}
		if got := scanned(t, slices.Concat(torn, third, third), 2); !slices.Equal(got, []float32{1, 3, 3}) {
			t.Errorf("torn after %d bytes, and written on: %v", cut, got)
		}
	}
}

// TestScanFlipped: whatever bit a disk flips, one vector is lost and none wrong.
func TestScanFlipped(t *testing.T) {
	var whole []byte
	for i := range 3 {
		whole = appendRecord(whole, keyOf(string(rune('a'+i))), []float32{float32(i), 0.5})
	}
	size := recordSize(2)
	for bit := range 8 * len(whole) {
		data := slices.Clone(whole)
		data[bit/8] ^= 1 << (bit % 8)
		want := slices.DeleteFunc([]float32{0, 1, 2}, func(x float32) bool { return int(x) == bit/8/size })
		if got := scanned(t, data, 2); !slices.Equal(got, want) {
			t.Errorf("bit %d: %v, want %v", bit, got, want)
		}
	}
}

// FuzzScan: nothing but sound records is found, and one behind anything is, but
// for a piece of it that came before.
func FuzzScan(f *testing.F) {
	f.Add([]byte(marker), uint8(3))
	f.Add(appendRecord(nil, keyOf("a"), []float32{1, 2}), uint8(2))
	f.Add([]byte("vecvec1ve"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		dims := int(n)%64 + 1
		last := make([]float32, dims)
		last[0] = 42
		found := false
		err := scan(bytes.NewReader(appendRecord(data, keyOf("last"), last)), dims, func(k key, record []byte) bool {
			found = k == keyOf("last") && slices.Equal(vectorOf(record), last)
			if !bytes.Equal(appendRecord(nil, k, vectorOf(record)), record) {
				t.Errorf("not a record: %x", record)
			}
			return true
		})
		if err != nil || !found {
			t.Errorf("the last record was lost: %v", err)
		}
	})
}
