package redis_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/bot/spool/spooltest"
)

// What a URL may not be. No error tells the password, nor any part of the URL
// that could be one.
func TestURLRefused(t *testing.T) {
	tests := []struct{ name, url, want string }{
		{"no URL", "hunter2", "scheme is none of redis, rediss"},
		{"unknown scheme", "hunter2://localhost", "scheme is none of"},
		{"no host", "redis://", "SCHEME://"},
		{"user without a password", "redis://hunter2@localhost", "without a password"},
		{"at sign in the password", "redis://u:@hunter2@localhost", "%40"},
		{"hash in the password", "redis://u:1#hunter2@localhost", "%40"},
		{"question mark in the password", "redis://u:12?hunter2@localhost", "%40"},
		{"question mark, later ampersand", "redis://u:12?a&hunter2=@localhost", "%40"},
		{"slash in the password", "redis://u:12/hunter2@localhost", "%40"},
		{"space in the password", "redis://u:a hunter2@localhost", "%40"},
		{"bad escape", "redis://u:hunter2%zz@localhost", "%40"},
		{"port too high", "redis://u:hunter2@localhost:65536", "%40"},
		{"database", "redis://u:hunter2@localhost/first", "database is not a number"},
		{"negative database", "redis://u:hunter2@localhost/-1", "database is not a number"},
		{"several hosts", "redis://u:hunter2@a,b/0", "redis+sentinel:// or redis+cluster://"},
		{"sentinel without a master", "redis+sentinel://u:hunter2@a,b", "names no master"},
		{"cluster with a database", "redis+cluster://u:hunter2@a,b/3", "a cluster has no databases"},
		{"mistyped setting", "redis://u:hunter2@a?replica=1", "unknown setting replica; the nearest is replicas"},
		{"mistyped secret", "redis+sentinel://a/m?sentinel_pasword=hunter2", "the nearest is sentinel_password"},
		{"unquotable setting", "redis://a?Hunter2=1", "it has an unknown setting; the nearest is"},
		{"checks cannot be turned off", "rediss://a?insecure=1", "unknown setting insecure"},
		{"twice", "redis://a?replicas=1&replicas=2", "replicas is set twice"},
		{"empty", "redis://a?timeout=", "timeout is empty"},
		{"no time", "redis://a?timeout=hunter2", "timeout is not a time"},
		{"no unit", "redis://a?timeout=3", "timeout is not a time"},
		{"too short", "redis://a?timeout=1ms", "timeout is not a time"},
		{"negative replicas", "redis://a?replicas=-1", "replicas is not a number"},
		{"sentinel setting elsewhere", "redis://a?sentinel_password=hunter2", "needs redis+sentinel"},
		{"sentinel user alone", "redis+sentinel://a/m?sentinel_user=hunter2", "needs sentinel_password"},
		{"ca without TLS", "redis://a?ca=/hunter2", "write rediss"},
		{"no such ca", "rediss://u:hunter2@a?ca=/nowhere", "ca: open /nowhere"},
		{"cert without key", "rediss://u:hunter2@a?cert=/nowhere", "cert and key go together"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := redis.Open(t.Context(), test.url, redis.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, spool.ErrUnavailable) {
				t.Fatalf("Open = %v, want a word of %q", err, test.want)
			}
			if strings.Contains(strings.ToLower(err.Error()), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func FuzzURL(f *testing.F) {
	f.Add("redis", "pass", "localhost:6379", "0?timeout=1s")
	f.Add("redis+sentinel", "p@ss", "a,b:26379", "mymaster/0?sentinel_password=x")
	f.Add("rediss+cluster", "p/?#ss", "[::1]:7000", "?ca=/nowhere")
	f.Fuzz(func(t *testing.T, scheme, password, hosts, rest string) {
		const secret = "hunter2"
		const nowhere = "{" // a bad name, so that no host is ever looked for
		_, err := redis.Open(t.Context(), scheme+"://user:"+password+secret+"@"+hosts+"/"+rest, redis.Options{Installation: nowhere})
		if err == nil {
			t.Fatal("opened a bad installation")
		}
		if strings.Contains(err.Error(), secret) && !strings.Contains(hosts+rest, secret) {
			t.Errorf("the error tells the password: %v", err)
		}
	})
}

// A wrong password is not told by the server's refusal either.
func TestWrongPassword(t *testing.T) {
	s := ownServer(t, "--requirepass", "right")
	for _, credentials := range []string{"", ":hunter2@", "bo:hunter2@"} {
		_, err := redis.Open(t.Context(), "redis://"+credentials+s.addr(), redis.Options{})
		if !errors.Is(err, spool.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open with %q = %v, want unavailable and no password", credentials, err)
		}
	}
	openedAt(t, "redis://:right@"+s.addr(), "main")
}

func TestWrongForm(t *testing.T) {
	alone := ownServer(t)
	node := ownServer(t, "--cluster-enabled", "yes")
	tests := []struct{ name, url, want string }{
		{"cluster", "redis+cluster://" + alone.addr(), "cluster support disabled"},
		{"node", "redis://" + node.addr(), "write redis+cluster://"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := redis.Open(t.Context(), test.url, redis.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open = %v, want a word of %q", err, test.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	check := func(t *testing.T, s *redis.Store, skew time.Duration, want ...string) {
		t.Helper()
		found, err := s.Check(t.Context(), time.Now().Add(skew))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range found {
			got = append(got, w.What+"; "+w.Mend)
		}
		if len(got) != len(want) {
			t.Fatalf("warnings = %q, want %d", got, len(want))
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("warning %d = %q, want a word of %q", i, got[i], want[i])
			}
		}
	}
	t.Run("embedded", func(t *testing.T) {
		check(t, embedded(t), 0, "set redis.url")
	})
	t.Run("in order", func(t *testing.T) {
		check(t, opened(t, ownServer(t), "main"), time.Second)
	})
	t.Run("clock", func(t *testing.T) {
		s := opened(t, ownServer(t), "main")
		check(t, s, -time.Minute, "clock is 1m0s away")
		check(t, s, time.Minute, "run NTP")
	})
	t.Run("nothing kept", func(t *testing.T) {
		s := ownServer(t, "--appendonly", "no", "--appendfsync", "no")
		check(t, opened(t, s, "main"), 0, "appendfsync to everysec", "appendonly to yes")
	})
	t.Run("replicas", func(t *testing.T) {
		check(t, openedAt(t, ownServer(t).url()+"?replicas=2", "main"), 0, "0 of 2 replicas are there")
	})
	t.Run("replica", func(t *testing.T) {
		s := ownServer(t, "--replicaof", "127.0.0.1 1")
		check(t, opened(t, s, "main"), 0, "point redis.url at the master")
	})
	t.Run("may not ask", func(t *testing.T) {
		s := ownServer(t)
		admin := client(t, s)
		if err := admin.Do(t.Context(), "acl", "setuser", "bo", "on", ">pw", "+ping").Err(); err != nil {
			t.Fatal(err)
		}
		check(t, openedAt(t, "redis://bo:pw@"+s.addr(), "main"), 0, "+time", "+config|get", "+info")
	})
	t.Run("evicting, told by INFO alone", func(t *testing.T) {
		s := ownServer(t, "--maxmemory-policy", "allkeys-lru")
		admin := client(t, s)
		if err := admin.Do(t.Context(), "acl", "setuser", "bo", "on", ">pw", "+ping", "+info").Err(); err != nil {
			t.Fatal(err)
		}
		_, err := redis.Open(t.Context(), "redis://bo:pw@"+s.addr(), redis.Options{})
		if err == nil || !strings.Contains(err.Error(), "noeviction") {
			t.Errorf("Open = %v, want a word of noeviction", err)
		}
	})
	t.Run("away", func(t *testing.T) {
		server := ownServer(t)
		s := opened(t, server, "main")
		server.kill()
		if _, err := s.Check(t.Context(), time.Now()); !errors.Is(err, spool.ErrUnavailable) {
			t.Errorf("Check = %v, want unavailable", err)
		}
	})
}

// The user of docs/redis.md may do all that Signpost does.
func TestLeastRights(t *testing.T) {
	s := ownServer(t)
	letIn(t, client(t, s), 0)
	at := "redis://signpost:PASSWORD@" + s.addr()
	spooltest.TestStore(t, forTest(anew(at)))
	amiss, err := openedAt(t, at, "main").Check(t.Context(), time.Now())
	if err != nil || len(amiss) != 0 {
		t.Errorf("Check = %v, %v; want nothing amiss", amiss, err)
	}
	options, err := goredis.ParseURL(at)
	if err != nil {
		t.Fatal(err)
	}
	user := goredis.NewClient(options)
	defer user.Close()
	for _, command := range [][]any{{"flushall"}, {"keys", "*"}, {"get", "other"}, {"config", "set", "appendonly", "no"}, {"acl", "list"}, {"shutdown"}} {
		if err := user.Do(t.Context(), command...).Err(); !goredis.IsPermissionError(err) {
			t.Errorf("%v = %v, want no permission", command, err)
		}
	}
}

// letIn makes the user signpost, whose password is PASSWORD, as docs/redis.md
// says: the first rule there is for servers, the second for sentinels.
func letIn(t *testing.T, admin interface {
	Process(context.Context, goredis.Cmder) error
}, rule int) {
	t.Helper()
	text, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Split(string(text), "ACL SETUSER signpost")
	if len(rules) != 3 {
		t.Fatalf("docs/redis.md has %d rules for users, want 2", len(rules)-1)
	}
	words, _, _ := strings.Cut(rules[1+rule], "\n\n")
	args := []any{"acl", "setuser", "signpost"}
	for _, word := range strings.Fields(words) {
		args = append(args, word)
	}
	if err := admin.Process(t.Context(), goredis.NewCmd(t.Context(), args...)); err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	ca, cert, key := certificates(t, dir)
	s, err := makeServer("--port", "0", "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca)
	if err == nil {
		s.secure = true
		t.Cleanup(s.remove)
		err = s.start()
	}
	need(t, s, err)
	trusted := "?ca=" + url.QueryEscape(ca)
	known := trusted + "&cert=" + url.QueryEscape(cert) + "&key=" + url.QueryEscape(key)
	spooltest.TestStore(t, forTest(anew("rediss://"+s.addr()+known)))
	for name, at := range map[string]string{
		"unknown authority":      "rediss://" + s.addr(),
		"no client certificate":  "rediss://" + s.addr() + trusted,
		"without TLS":            "redis://" + s.addr() + "?timeout=1s",
		"name not in the server": strings.Replace("rediss://"+s.addr()+known, "127.0.0.1", "localhost", 1),
	} {
		if _, err := redis.Open(t.Context(), at, redis.Options{}); !errors.Is(err, spool.ErrUnavailable) {
			t.Errorf("%s: Open = %v, want unavailable", name, err)
		}
	}
}

// certificates makes an authority, and one certificate for 127.0.0.1 that
// serves both sides.
func certificates(t *testing.T, dir string) (ca, cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Signpost tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redis"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	write := func(name, kind string, der []byte, err error) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err == nil {
			err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, secret.Public(), secret)
	ca = write("ca.pem", "CERTIFICATE", der, err)
	der, err = x509.CreateCertificate(rand.Reader, leaf, authority, secret.Public(), secret)
	cert = write("cert.pem", "CERTIFICATE", der, err)
	der, err = x509.MarshalPKCS8PrivateKey(secret)
	return ca, cert, write("key.pem", "PRIVATE KEY", der, err)
}
