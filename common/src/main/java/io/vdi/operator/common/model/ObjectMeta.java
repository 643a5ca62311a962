package io.vdi.operator.common.model;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The part of ObjectMeta that decisions need. Absent strings are empty, absent collections empty.
 *
 * @param deletionTimestamp null while the object is not being deleted; ask {@link #isDeleting()}
 */
public record ObjectMeta(
    String name,
    String namespace,
    String uid,
    String resourceVersion,
    long generation,
    Instant creationTimestamp,
    Instant deletionTimestamp,
    Map<String, String> labels,
    Map<String, String> annotations,
    List<String> finalizers,
    List<OwnerReference> ownerReferences) {

  public static final ObjectMeta EMPTY =
      new ObjectMeta(null, null, null, null, 0, null, null, null, null, null, null);

  public ObjectMeta {
    name = name == null ? "" : name;
    namespace = namespace == null ? "" : namespace.intern();
    uid = uid == null ? "" : uid;
    resourceVersion = resourceVersion == null ? "" : resourceVersion;
    creationTimestamp = creationTimestamp == null ? Instant.EPOCH : creationTimestamp;
    labels = compact(labels);
    annotations = compact(annotations);
    finalizers = compact(finalizers);
    ownerReferences = compact(ownerReferences);
  }

  private static <T> List<T> compact(List<T> list) {
    return list == null ? List.of() : list.stream().filter(Objects::nonNull).toList();
  }

  /**
   * The same in a third of the memory: caches hold tens of thousands of these, with the same few
   * keys, and the objects of a session with the same values.
   */
  private static Map<String, String> compact(Map<String, String> map) {
    if (map == null || map.isEmpty()) {
      return Map.of();
    }
    Map<String, String> shared = new HashMap<>();
    map.forEach((key, value) -> {
      if (value != null) {
        shared.put(key.intern(), value.intern());
      }
    });
    return Map.copyOf(shared);
  }

  public boolean isDeleting() {
    return deletionTimestamp != null;
  }

  public Optional<OwnerReference> controller() {
    return ownerReferences.stream().filter(OwnerReference::controller).findFirst();
  }

  /** Whether the controller reference names this owner, by UID: a name alone proves nothing. */
  public boolean isControlledBy(String ownerUid) {
    return controller().filter(owner -> owner.uid().equals(ownerUid)).isPresent();
  }

  public Optional<String> label(String key) {
    return Optional.ofNullable(labels.get(key));
  }

  public Optional<String> annotation(String key) {
    return Optional.ofNullable(annotations.get(key));
  }

  /**
   * Whether this is the same object at the same or a later version than {@code other}. Resource
   * versions of one kind are comparable as integers; where one is not a number the answer is true,
   * so that a cache is believed rather than a memory of our own.
   */
  public boolean isAtLeast(ObjectMeta other) {
    try {
      return Long.parseUnsignedLong(resourceVersion)
          >= Long.parseUnsignedLong(other.resourceVersion);
    } catch (NumberFormatException e) {
      return true;
    }
  }
}
