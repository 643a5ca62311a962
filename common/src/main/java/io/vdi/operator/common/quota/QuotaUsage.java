package io.vdi.operator.common.quota;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What is used in each scope: the sum of all requests. A home counts once, with the largest size
 * that its session, a request or its claim names, so that the order and the number of these do not
 * matter. Not safe for concurrent use.
 */
public final class QuotaUsage {
  private final Map<QuotaScope, Map<String, ResourceAmounts>> used =
      new EnumMap<>(QuotaScope.class);
  private final Map<HomeKey, Home> homes = new HashMap<>();

  private record HomeKey(String user, String namespace, String claim) {}

  /**
   * @param templates of the requests for this home; of its claim only if there is no request
   */
  private record Home(long size, Set<String> templates) {}

  public static QuotaUsage of(Iterable<QuotaRequest> requests) {
    QuotaUsage usage = new QuotaUsage();
    requests.forEach(usage::add);
    return usage;
  }

  public void add(QuotaRequest request) {
    for (QuotaScope scope : QuotaScope.values()) {
      add(scope, scope.nameOf(request), request.amount().withStorage(addedStorage(scope, request)));
    }
    if (request.amount().storage() > 0 && !request.claim().isEmpty()) {
      homes.merge(
          key(request),
          new Home(request.amount().storage(), Set.of(request.template())),
          QuotaUsage::larger);
    }
  }

  /**
   * Adds the claim of a home, after the sessions and requests that may use it. It counts for its
   * user, and for the template that its annotation names unless a request names another one.
   */
  public void add(PersistentVolumeClaim claim) {
    long size = StorageSize.bytes(claim);
    HomeKey key =
        new HomeKey(
            EmailAddress.key(claim.metadata().annotation(Annotations.USER).orElse("")),
            claim.namespace(),
            claim.name());
    Home known = homes.get(key);
    Set<String> templates =
        known == null
            ? claim.metadata().annotation(Annotations.TEMPLATE).map(Set::of).orElse(Set.of())
            : known.templates();
    long added = known == null ? size : Math.max(0, size - known.size());
    if (added == 0) {
      return;
    }
    ResourceAmounts storage = ResourceAmounts.ZERO.withStorage(added);
    add(QuotaScope.USER, key.user(), storage);
    add(QuotaScope.NAMESPACE, key.namespace(), storage);
    templates.forEach(template -> add(QuotaScope.TEMPLATE, template, storage));
    add(QuotaScope.CLUSTER, "", storage);
    homes.put(key, new Home(size, templates));
  }

  /**
   * By how many bytes the request would raise the usage of a scope: its home can exist, or be
   * requested, already.
   */
  long addedStorage(QuotaScope scope, QuotaRequest request) {
    long size = request.amount().storage();
    Home known = homes.get(key(request));
    if (size == 0 || request.claim().isEmpty() || known == null) {
      return size;
    }
    long counted =
        scope == QuotaScope.TEMPLATE && !known.templates().contains(request.template())
            ? 0
            : known.size();
    return Math.max(size, known.size()) - counted;
  }

  private void add(QuotaScope scope, String name, ResourceAmounts amount) {
    used.computeIfAbsent(scope, s -> new HashMap<>()).merge(name, amount, ResourceAmounts::plus);
  }

  private static HomeKey key(QuotaRequest request) {
    return new HomeKey(request.user(), request.namespace(), request.claim());
  }

  private static Home larger(Home a, Home b) {
    if (a.templates().containsAll(b.templates())) {
      return a.size() >= b.size() ? a : new Home(b.size(), a.templates());
    }
    Set<String> templates = new HashSet<>(a.templates());
    templates.addAll(b.templates());
    return new Home(Math.max(a.size(), b.size()), Set.copyOf(templates));
  }

  /** What one name uses; zero when it uses nothing. */
  public ResourceAmounts of(QuotaScope scope, String name) {
    return used.getOrDefault(scope, Map.of()).getOrDefault(name, ResourceAmounts.ZERO);
  }

  /** The usage of each name that uses anything. */
  public Map<String, ResourceAmounts> all(QuotaScope scope) {
    return Map.copyOf(used.getOrDefault(scope, Map.of()));
  }
}
