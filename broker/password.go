package broker

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
)

// HashingAlgorithm is the name of RabbitMQ's module that hashes a password.
type HashingAlgorithm string

// The algorithms of RabbitMQ. New passwords are hashed with SHA256.
const (
	SHA256 HashingAlgorithm = "rabbit_password_hashing_sha256"
	SHA512 HashingAlgorithm = "rabbit_password_hashing_sha512"
	MD5    HashingAlgorithm = "rabbit_password_hashing_md5"
)

// saltLength is how many random bytes a hash begins with.
const saltLength = 4

// PasswordHash is a password as RabbitMQ keeps it: four bytes of salt and the
// digest of salt and password. An empty one lets nobody log in.
type PasswordHash struct {
	Algorithm HashingAlgorithm
	Salted    []byte
}

// HashPassword hashes a password with a new salt.
func HashPassword(password string) PasswordHash {
	salt := make([]byte, saltLength)
	rand.Read(salt)
	return PasswordHash{SHA256, append(salt, SHA256.digest(salt, password)...)}
}

// Matches says whether the hash is that of the password.
func (h PasswordHash) Matches(password string) bool {
	if len(h.Salted) <= saltLength || password == "" {
		return false
	}
	salt := h.Salted[:saltLength]
	return subtle.ConstantTimeCompare(h.Salted[saltLength:], h.Algorithm.digest(salt, password)) == 1
}

func (a HashingAlgorithm) digest(salt []byte, password string) []byte {
	salted := append(append([]byte(nil), salt...), password...)
	switch a {
	case SHA512:
		sum := sha512.Sum512(salted)
		return sum[:]
	case MD5:
		sum := md5.Sum(salted)
		return sum[:]
	default:
		sum := sha256.Sum256(salted)
		return sum[:]
	}
}
