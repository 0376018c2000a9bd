"""Records: the index entries of sealed FHIR resources, in immutable versions."""
