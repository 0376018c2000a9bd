"""Four asset-transfer chaincodes that answer the client applications of Fabric's samples."""
