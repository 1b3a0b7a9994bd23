package config

import (
	"math"
	"testing"
	"time"
)

// TestCheckSource: what the command line says has the bounds of what the file says.
func TestCheckSource(t *testing.T) {
	c := Default()
	c.Topics = []Topic{{Name: "refunds"}}
	if err := c.CheckSource(ImportSource{Rate: 1, Timeout: time.Second, Audience: []string{"buyer"}, Topic: "refunds", Language: "en", Hosts: []string{"[::1]:80"}}); err != nil {
		t.Error(err)
	}
	for want, s := range map[string]ImportSource{
		"rate is -1; write requests a second, from 0.01 to 100, or 0 for 5":        {Rate: -1},
		"rate is 1e-12; write requests a second, from 0.01 to 100, or 0 for 5":     {Rate: 1e-12},
		"rate is NaN; write requests a second, from 0.01 to 100, or 0 for 5":       {Rate: math.NaN()},
		"max_pages is -1; write 0 for 5000, or up to 100000":                       {MaxPages: -1},
		`"a b" is not a host; write it such as help.example.com or 127.0.0.1:8080`: {Hosts: []string{"a b"}},
		`unknown topic "refund"; did you mean "refunds"?`:                          {Topic: "refund"},
		`unknown audience "buyers"; did you mean "buyer"?`:                         {Audience: []string{"buyers"}},
	} {
		if err := c.CheckSource(s); err == nil || err.Error() != want {
			t.Errorf("CheckSource = %v, want %s", err, want)
		}
	}
}
