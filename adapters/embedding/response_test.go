package embedding

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	const one = `{"index":0,"embedding":[3,4]}`
	tests := []struct {
		name, body string
		n          int
		want       string // the vectors, or a part of the error
	}{
		{"one", `{"data":[` + one + `]}`, 1, "[[0.6 0.8]]"},
		{"another order", `{"data":[{"index":1,"embedding":[0,-2]},` + one + `]}`, 2, "[[0.6 0.8] [0 -1]]"},
		{"spaces and more keys", ` { "object":"list", "data" : [ {"object":"embedding","embedding" : [ 3e0 , 4.0 ] , "index":0} ],"model":"m"} `, 1, "[[0.6 0.8]]"},
		{"too few", `{"data":[` + one + `]}`, 2, "1 vectors instead of 2"},
		{"too many", `{"data":[` + one + `,` + one + `]}`, 1, "2 vectors instead of 1"},
		{"none", `{"data":[]}`, 1, "0 vectors instead of 1"},
		{"no data", `{}`, 1, "0 vectors instead of 1"},
		{"twice", `{"data":[` + one + `,` + one + `]}`, 2, "two vectors for text 0"},
		{"no index", `{"data":[{"embedding":[3,4]}]}`, 1, "without a text"},
		{"null index", `{"data":[{"index":null,"embedding":[3,4]}]}`, 1, "without a text"},
		{"index beyond", `{"data":[{"index":1,"embedding":[3,4]}]}`, 1, "without a text"},
		{"index below", `{"data":[{"index":-1,"embedding":[3,4]}]}`, 1, "without a text"},
		{"index as text", `{"data":[{"index":"0","embedding":[3,4]}]}`, 1, "not a list of vectors"},
		{"other dimensions", `{"data":[` + one + `,{"index":1,"embedding":[1,2,3]}]}`, 2, "vector 1 has 3 numbers, vector 0 has 2"},
		{"NaN", `{"data":[{"index":0,"embedding":[3,NaN]}]}`, 1, "not JSON, or not all of it, at byte 36"},
		{"null in a vector", `{"data":[{"index":0,"embedding":[3,null]}]}`, 1, "vector 0: number 1 is none"},
		{"text in a vector", `{"data":[{"index":0,"embedding":["3",4]}]}`, 1, "vector 0: number 0 is none"},
		{"NaN as text", `{"data":[{"index":0,"embedding":["NaN",4]}]}`, 1, "number 0 is none"},
		{"truth in a vector", `{"data":[{"index":0,"embedding":[true]}]}`, 1, "number 0 is none"},
		{"list in a vector", `{"data":[{"index":0,"embedding":[[3,4]]}]}`, 1, "number 0 is none"},
		{"too large a number", `{"data":[{"index":0,"embedding":[1e300]}]}`, 1, "number 0 is none, or too large"},
		{"large numbers", `{"data":[{"index":0,"embedding":[3e38,0]}]}`, 1, "[[1 0]]"},
		{"small numbers", `{"data":[{"index":0,"embedding":[3e-30,4e-30]}]}`, 1, "[[0.6 0.8]]"},
		{"all zero", `{"data":[{"index":0,"embedding":[0,-0.0]}]}`, 1, "all zero"},
		{"empty vector", `{"data":[{"index":0,"embedding":[ ]}]}`, 1, "is empty"},
		{"no vector", `{"data":[{"index":0}]}`, 1, "not a list of numbers"},
		{"null for a vector", `{"data":[{"index":0,"embedding":null}]}`, 1, "not a list of numbers"},
		{"base64", `{"data":[{"index":0,"embedding":"AACAPw=="}]}`, 1, "not a list of numbers"},
		{"an object", `{"data":[{"index":0,"embedding":{"0":1}}]}`, 1, "not a list of numbers"},
		{"cut off", `{"data":[{"index":0,"embedding":[3,`, 1, "not all of it"},
		{"more behind it", `{"data":[` + one + `]}{}`, 1, "not JSON"},
		{"a web page", "\n<!DOCTYPE html><title>Sign in</title>", 1, "a web page"},
		{"nothing", "", 1, "not JSON"},
		{"a list", `[1,2]`, 1, "not a list of vectors"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			vectors, err := decode([]byte(test.body), test.n)
			got := fmt.Sprint(vectors)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// FuzzDecode: what is taken are n vectors of the same dimensions and length 1.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"data":[{"index":1,"embedding":[1,-2e3]},{"index":0,"embedding":[0.5, 1e-40]}]}`), 2)
	f.Add([]byte(`{"data":[{"index":0,"embedding":[null,"1",[2],NaN,1e999]}]}`), 1)
	f.Add([]byte(`{"DATA":[{"Index":0,"embedding":[1],"EMBEDDING":[2,2]}]}`), 1)
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		if n < 1 || n > 100 {
			return
		}
		vectors, err := decode(body, n)
		if err != nil {
			return
		}
		if len(vectors) != n {
			t.Fatalf("%d vectors, want %d", len(vectors), n)
		}
		for _, vector := range vectors {
			var sum float64
			for _, x := range vector {
				sum += float64(x) * float64(x)
			}
			if len(vector) != len(vectors[0]) || math.Abs(sum-1) > 1e-3 || math.IsNaN(sum) {
				t.Errorf("vector %v has length %v", vector, math.Sqrt(sum))
			}
		}
	})
}
