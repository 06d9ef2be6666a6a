// A log that Go keeps and signs, for Jeton to verify.

package foreign

import (
	"crypto/rand"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// GoLog is a log in memory that Go's libraries keep and sign.
type GoLog struct {
	Vkey   string
	leaves [][]byte
	stored []tlog.Hash
	signer note.Signer
}

func NewGoLog(origin string, leaves int64) (*GoLog, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, err
	}
	log := &GoLog{Vkey: vkey}
	if log.signer, err = note.NewSigner(skey); err != nil {
		return nil, err
	}
	for i := int64(0); i < leaves; i++ {
		leaf := []byte(fmt.Sprintf(`{"event":"go.event","n":%d}`, i))
		hashes, err := tlog.StoredHashes(i, leaf, log)
		if err != nil {
			return nil, err
		}
		log.leaves, log.stored = append(log.leaves, leaf), append(log.stored, hashes...)
	}
	return log, nil
}

func (log *GoLog) ReadHashes(indexes []int64) (hashes []tlog.Hash, err error) {
	for _, index := range indexes {
		hashes = append(hashes, log.stored[index])
	}
	return hashes, nil
}

// Tree is the log's first leaves.
func (log *GoLog) Tree(size int64) (tlog.Tree, error) {
	hash, err := tlog.TreeHash(size, log)
	return tlog.Tree{N: size, Hash: hash}, err
}

// Checkpoint is a signed note over the first leaves.
func (log *GoLog) Checkpoint(size int64) ([]byte, error) {
	tree, err := log.Tree(size)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: CheckpointText(log.signer.Name(), tree)}, log.signer)
}

// Inclusion is the proof of one leaf under the checkpoint of some size.
func (log *GoLog) Inclusion(index, size int64) ([]byte, error) {
	path, err := tlog.ProveRecord(size, index, log)
	if err != nil {
		return nil, err
	}
	checkpoint, err := log.Checkpoint(size)
	return InclusionText(log.leaves[index], index, path, checkpoint), err
}

// Consistency is the proof from an older size to another.
func (log *GoLog) Consistency(old, size int64) ([]byte, error) {
	path, err := tlog.ProveTree(size, old, log)
	if err != nil {
		return nil, err
	}
	checkpoint, err := log.Checkpoint(size)
	return ConsistencyText(old, path, checkpoint), err
}
