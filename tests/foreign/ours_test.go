// Go verifies what Jeton signs.

package foreign

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// site is a log of ours of more than one tile, shown as static files at two of its checkpoints.
type site struct {
	jeton      *Jeton
	vkey       string
	dir        string
	older      []byte // checkpoint
	checkpoint []byte
}

var shared *site

func binaries() string {
	if folder := os.Getenv("JETON_BIN_DIR"); folder != "" {
		return folder
	}
	return filepath.Join("..", "..", "build", "bin")
}

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "jeton-foreign")
	if err == nil {
		shared, err = newSite(home)
	}
	status := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		status = m.Run()
	}
	if shared != nil {
		if err := shared.jeton.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "jetond did not end well:", err)
			status = 1
		}
	}
	os.RemoveAll(home)
	os.Exit(status)
}

func newSite(home string) (*site, error) {
	jeton, err := StartJeton(binaries(), home)
	if err != nil {
		return nil, err
	}
	s := &site{jeton: jeton, dir: filepath.Join(home, "site")}
	vkey, err := jeton.Log("vkey")
	if err != nil {
		return s, err
	}
	s.vkey = string(bytes.TrimSpace(vkey))
	if s.older, err = s.grow(100); err != nil {
		return s, err
	}
	s.checkpoint, err = s.grow(460)
	return s, err
}

// grow adds events and shows them, once they are signed for.
func (s *site) grow(calls int) ([]byte, error) {
	if err := s.jeton.Mint(calls); err != nil {
		return nil, err
	}
	if _, err := s.jeton.WaitUntilSigned(time.Minute); err != nil {
		return nil, err
	}
	if _, err := s.jeton.Log("tiles", s.dir, "--entries"); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(s.dir, "checkpoint"))
}

// flipped changes the case of a letter, and makes something impossible of most else.
func flipped(text []byte, at int) []byte {
	changed := bytes.Clone(text)
	changed[at] ^= 0x20
	return changed
}

func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func written(t *testing.T, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestGoOpensOurCheckpointAndNoChangedOne(t *testing.T) {
	tree := must[tlog.Tree](t)(OpenCheckpoint(shared.checkpoint, shared.vkey))
	if tree.N < 512+16 {
		t.Fatalf("only %d events: not enough for two full tiles", tree.N)
	}
	for at := range shared.checkpoint {
		if _, err := OpenCheckpoint(flipped(shared.checkpoint, at), shared.vkey); err == nil {
			t.Errorf("a checkpoint with byte %d changed was opened", at)
		}
	}
}

func TestGoProvesEveryRecordAndEveryOlderTreeFromOurTiles(t *testing.T) {
	tree := must[tlog.Tree](t)(OpenCheckpoint(shared.checkpoint, shared.vkey))
	reader := tlog.TileHashReader(tree, Tiles(shared.dir))
	for i := int64(0); i < tree.N; i++ {
		leaf := must[[]tlog.Hash](t)(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, i)}))[0]
		record := must[tlog.RecordProof](t)(tlog.ProveRecord(tree.N, i, reader))
		if err := tlog.CheckRecord(record, tree.N, tree.Hash, i, leaf); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		older := must[tlog.Hash](t)(tlog.TreeHash(i+1, reader))
		growth := must[tlog.TreeProof](t)(tlog.ProveTree(tree.N, i+1, reader))
		if err := tlog.CheckTree(growth, tree.N, tree.Hash, i+1, older); err != nil {
			t.Fatalf("the first %d events: %v", i+1, err)
		}
	}
}

func TestGoFindsEveryEntryOfOurBundlesUnderItsLeaf(t *testing.T) {
	tree := must[tlog.Tree](t)(OpenCheckpoint(shared.checkpoint, shared.vkey))
	reader := tlog.TileHashReader(tree, Tiles(shared.dir))
	for i := int64(0); i < tree.N; {
		name := fmt.Sprintf("%03d", i/256)
		if rest := tree.N - i; rest < 256 {
			name += fmt.Sprintf(".p/%d", rest)
		}
		bundle := must[[]byte](t)(os.ReadFile(filepath.Join(shared.dir, "tile", "entries", name)))
		for _, entry := range must[[][]byte](t)(Bundle(bundle)) {
			leaf := must[[]tlog.Hash](t)(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, i)}))[0]
			if tlog.RecordHash(entry) != leaf {
				t.Fatalf("entry %d has another hash than its leaf", i)
			}
			if !json.Valid(entry) {
				t.Fatalf("entry %d is no JSON", i)
			}
			i++
		}
	}
}

func TestGoRefusesATileOfOursWithOneByteChanged(t *testing.T) {
	tree := must[tlog.Tree](t)(OpenCheckpoint(shared.checkpoint, shared.vkey))
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(shared.dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := tlog.ProveRecord(tree.N, 300, tlog.TileHashReader(tree, Tiles(copied))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(copied, "tile", "0", "001")
	tile := must[[]byte](t)(os.ReadFile(file))
	if err := os.WriteFile(file, flipped(tile, 200*32), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tlog.ProveRecord(tree.N, 300, tlog.TileHashReader(tree, Tiles(copied))); err == nil {
		t.Error("a proof was made from a tile with a byte changed")
	}
}

func TestTheOlderCheckpointIsStillServedAfterTheTreeGrew(t *testing.T) {
	older := must[tlog.Tree](t)(OpenCheckpoint(shared.older, shared.vkey))
	reader := tlog.TileHashReader(older, fallback{Tiles(shared.dir)})
	record := must[tlog.RecordProof](t)(tlog.ProveRecord(older.N, 7, reader))
	leaf := must[[]tlog.Hash](t)(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, 7)}))[0]
	if err := tlog.CheckRecord(record, older.N, older.Hash, 7, leaf); err != nil {
		t.Fatal(err)
	}
}

// fallback reads the full tile where the partial one has gone, as c2sp.org/tlog-tiles tells its clients to.
type fallback struct{ Tiles }

func (f fallback) ReadTiles(tiles []tlog.Tile) (read [][]byte, err error) {
	for _, tile := range tiles {
		one, err := f.Tiles.ReadTiles([]tlog.Tile{tile})
		if width := tile.W; err != nil {
			tile.W = 256
			if one, err = f.Tiles.ReadTiles([]tlog.Tile{tile}); err != nil {
				return nil, err
			}
			one[0] = one[0][:width*tlog.HashSize]
		}
		read = append(read, one[0])
	}
	return read, nil
}

func TestTransparencyDevVerifiesOurInclusionProofs(t *testing.T) {
	tree := must[tlog.Tree](t)(OpenCheckpoint(shared.checkpoint, shared.vkey))
	for _, want := range []int64{0, 1, 2, 100, 255, 256, 257, 511, 512, tree.N - 1} {
		text := must[[]byte](t)(shared.jeton.Log("proof", strconv.FormatInt(want, 10)))
		leaf, index, err := CheckInclusion(text, shared.vkey)
		if err != nil || index != want || !json.Valid(leaf) {
			t.Fatalf("event %d: %d %q %v", want, index, leaf, err)
		}
	}
}

func TestTransparencyDevVerifiesOurConsistencyProofs(t *testing.T) {
	older := must[tlog.Tree](t)(OpenCheckpoint(shared.older, shared.vkey))
	newer := must[tlog.Tree](t)(OpenCheckpoint(shared.checkpoint, shared.vkey))
	text := must[[]byte](t)(shared.jeton.Log("consistency", written(t, shared.older)))
	if tree, err := CheckConsistency(text, older, shared.vkey); err != nil || tree != newer {
		t.Fatalf("%v instead of %v: %v", tree, newer, err)
	}
	reader := tlog.TileHashReader(newer, Tiles(shared.dir))
	for _, size := range []int64{1, 2, 3, 255, 256, 257, 384, 512, newer.N - 1, newer.N} {
		older := tlog.Tree{N: size, Hash: must[tlog.Hash](t)(tlog.TreeHash(size, reader))}
		text := must[[]byte](t)(shared.jeton.Log("consistency", strconv.FormatInt(size, 10)))
		if _, err := CheckConsistency(text, older, shared.vkey); err != nil {
			t.Fatalf("from %d: %v", size, err)
		}
	}
}
