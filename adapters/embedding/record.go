package embedding

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
)

// A file of vectors is one record after the other, and nothing else:
//
//	marker    4 bytes
//	key      32 bytes
//	vector    4 bytes a number, IEEE 754, least significant byte first
//	checksum  4 bytes, CRC-32C of key and vector, likewise
//
// Whatever is no such record is passed over, up to the next marker: the end of
// one that was being written when its process was killed, and what a bad disk
// has made of one. So no header can be lost with all that comes behind it.
const marker = "vec1"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func recordSize(dims int) int { return len(marker) + len(key{}) + 4*dims + 4 }

func appendRecord(data []byte, k key, vector []float32) []byte {
	data = append(data, marker...)
	from := len(data)
	data = append(data, k[:]...)
	for _, x := range vector {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return binary.LittleEndian.AppendUint32(data, crc32.Checksum(data[from:], castagnoli))
}

// scan calls visit with every sound record until that returns false.
func scan(r io.Reader, dims int, visit func(k key, record []byte) bool) error {
	size := recordSize(dims)
	buffered := bufio.NewReaderSize(r, max(2*size, 256<<10))
	for {
		record, err := buffered.Peek(size)
		if errors.Is(err, io.EOF) {
			return nil // what is left is not a whole one
		}
		if err != nil {
			return err
		}
		if !sound(record) {
			buffered.Discard(nextMarker(record))
			continue
		}
		if !visit(key(record[len(marker):]), record) {
			return nil
		}
		buffered.Discard(size)
	}
}

func sound(record []byte) bool {
	body, sum := record[len(marker):len(record)-4], record[len(record)-4:]
	return bytes.HasPrefix(record, []byte(marker)) && crc32.Checksum(body, castagnoli) == binary.LittleEndian.Uint32(sum)
}

// nextMarker is where the next record may begin after the first byte of what is
// none.
func nextMarker(data []byte) int {
	if i := bytes.Index(data[1:], []byte(marker)); i >= 0 {
		return 1 + i
	}
	return len(data) - len(marker) + 1 // it may begin with the last bytes
}

// vectorOf reads the vector of a sound record.
func vectorOf(record []byte) []float32 {
	body := record[len(marker)+len(key{}) : len(record)-4]
	vector := make([]float32, len(body)/4)
	for i := range vector {
		vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
	}
	return vector
}
