"""Where ciphertext lies. A blob's name is the hex SHA-256 of its bytes."""

from carechannel.blobs.folder import FolderStore
from carechannel.blobs.mirror import MirroredStore
from carechannel.blobs.store import BlobStore, digest_of

__all__ = ["BlobStore", "FolderStore", "MirroredStore", "digest_of"]
