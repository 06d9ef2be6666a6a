// What the C2SP formats write as lines, read with nothing of Jeton and checked with other people's libraries.

package foreign

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// OpenCheckpoint believes a checkpoint only with the signature of the log of this key and under its name.
func OpenCheckpoint(text []byte, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	key, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(text, note.VerifierList(key))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() || lines[3] != "" {
		return tree, errors.New("not a checkpoint of this log")
	}
	if tree.N, err = number(lines[1]); err != nil {
		return tree, err
	}
	tree.Hash, err = hash(lines[2])
	return tree, err
}

// CheckpointText is what a log signs.
func CheckpointText(origin string, tree tlog.Tree) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, tree.N, tree.Hash)
}

// CheckInclusion checks a file of c2sp.org/tlog-proof@v1 and returns the leaf and its place.
func CheckInclusion(text []byte, vkey string) (leaf []byte, index int64, err error) {
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return nil, 0, errors.New("not an inclusion proof")
	}
	if leaf, err = base64.StdEncoding.Strict().DecodeString(lines[1][6:]); err != nil {
		return nil, 0, err
	}
	if index, err = number(lines[2][6:]); err != nil {
		return nil, 0, err
	}
	path, err := hashes(lines[3:])
	if err != nil {
		return nil, 0, err
	}
	tree, err := OpenCheckpoint([]byte(checkpoint), vkey)
	if err != nil {
		return nil, 0, err
	}
	return leaf, index, proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(tree.N),
		rfc6962.DefaultHasher.HashLeaf(leaf), path, tree.Hash[:])
}

// CheckConsistency checks a body of c2sp.org/tlog-witness against the older tree and returns the newer one.
func CheckConsistency(text []byte, old tlog.Tree, vkey string) (tlog.Tree, error) {
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != fmt.Sprintf("old %d", old.N) {
		return tlog.Tree{}, errors.New("not a consistency proof from this size")
	}
	path, err := hashes(lines[1:])
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := OpenCheckpoint([]byte(checkpoint), vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	return tree, proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old.N), uint64(tree.N), path, old.Hash[:], tree.Hash[:])
}

// InclusionText and ConsistencyText write the same two forms.
func InclusionText(leaf []byte, index int64, path []tlog.Hash, checkpoint []byte) []byte {
	text := fmt.Sprintf("c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n", base64.StdEncoding.EncodeToString(leaf), index)
	return []byte(text + lines(path) + "\n" + string(checkpoint))
}

func ConsistencyText(old int64, path []tlog.Hash, checkpoint []byte) []byte {
	return []byte(fmt.Sprintf("old %d\n", old) + lines(path) + "\n" + string(checkpoint))
}

// Bundle is the entries of one bundle of c2sp.org/tlog-tiles.
func Bundle(bytes []byte) (entries [][]byte, err error) {
	for len(bytes) > 0 {
		if len(bytes) < 2 {
			return nil, errors.New("half a length at the end of a bundle")
		}
		length := int(bytes[0])<<8 | int(bytes[1])
		if len(bytes) < 2+length {
			return nil, errors.New("half an entry at the end of a bundle")
		}
		entries = append(entries, bytes[2:2+length])
		bytes = bytes[2+length:]
	}
	return entries, nil
}

// Tiles reads hash tiles of a static tree as tlog wants them.
type Tiles string

func (dir Tiles) Height() int                         { return 8 }
func (dir Tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

// ReadTiles reads exactly the tiles that are asked for: the tree has each of its checkpoint.
func (dir Tiles) ReadTiles(tiles []tlog.Tile) (read [][]byte, err error) {
	for _, tile := range tiles {
		// The path of Go's own logs names the height; that of c2sp.org/tlog-tiles does not, since it is always 8.
		bytes, err := os.ReadFile(filepath.Join(string(dir), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		read = append(read, bytes)
	}
	return read, nil
}

func number(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err == nil && strconv.FormatInt(value, 10) != text {
		err = fmt.Errorf("another spelling of %d", value)
	}
	return value, err
}

func hash(text string) (hash tlog.Hash, err error) {
	bytes, err := base64.StdEncoding.Strict().DecodeString(text)
	if err == nil && len(bytes) != tlog.HashSize {
		err = errors.New("not a hash")
	}
	copy(hash[:], bytes)
	return hash, err
}

func hashes(lines []string) (path [][]byte, err error) {
	for _, line := range lines {
		one, err := hash(line)
		if err != nil {
			return nil, err
		}
		path = append(path, one[:])
	}
	return path, nil
}

func lines(path []tlog.Hash) (text string) {
	for _, hash := range path {
		text += hash.String() + "\n"
	}
	return text
}
