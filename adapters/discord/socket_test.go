package discord

import (
	"encoding/json"
	"testing"
)

func FuzzParseFrame(f *testing.F) {
	for _, seed := range []string{
		`{"op":10,"t":null,"s":null,"d":{"heartbeat_interval":41250,"_trace":["x"]}}`,
		`{"op":0,"t":"READY","s":1,"d":{"session_id":"a","resume_gateway_url":"wss://b"}}`,
		`{"op":0,"t":"MESSAGE_CREATE","s":2,"d":{"content":"\ud800"}}`,
		`{"op":9,"t":null,"s":null,"d":false}`,
		`{"op":11}`, `{"op":1e400}`, `{"op":0,"s":9223372036854775808,"t":"A"}`, `null`, `[]`, "", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseFrame(data)
		if err != nil {
			return // then it is left out
		}
		if got.Op < 0 || got.Op == opDispatch && (got.Type == "" || got.Seq < 1) {
			t.Errorf("%q was taken for %+v", data, got)
		}
		if got.Data != nil && !json.Valid(got.Data) {
			t.Errorf("%q carries %q, which is no JSON", data, got.Data)
		}
		if interval, err := parseHello(got.Data); err == nil && (interval < shortestBeat || interval > longestBeat) {
			t.Errorf("%q makes the heart beat each %s", data, interval)
		}
	})
}
