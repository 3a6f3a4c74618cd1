// All indexes that are here, with those behind constraints (unique). No parameters.
SHOW INDEXES YIELD name, type, entityType, labelsOrTypes, properties, owningConstraint
WHERE type <> 'LOOKUP'
RETURN name, type, entityType AS entity, labelsOrTypes AS labels, properties,
  owningConstraint IS NOT NULL AS unique
