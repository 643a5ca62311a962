package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.common.quota.StorageSize;
import io.vdi.operator.gate.api.TemplateCard;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Pure: a template as a user sees it, with what the quotas leave. */
final class TemplateCards {
  private TemplateCards() {}

  /**
   * @param usage of everybody
   */
  static TemplateCard of(
      VdiTemplate template, String user, String namespace, QuotaLimits quota, QuotaUsage usage) {
    VdiTemplate.Spec spec = template.spec();
    VdiSession.Spec session =
        new VdiSession.Spec(user, template.name(), null, null, null, null, null, false);
    Defaults.EffectiveSpec effective = Defaults.effectiveSpec(session, spec);
    Optional<String> size = Defaults.homeSize(session, spec);
    QuotaRequest request =
        new QuotaRequest(
            user,
            namespace,
            template.name(),
            new ResourceAmounts(
                1, Math.max(0, effective.gpu()), size.map(StorageSize::bytes).orElse(0L)));
    return new TemplateCard(
        template.name(),
        SessionViews.displayName(template.name(), spec),
        Optional.ofNullable(spec.description()).orElse(""),
        Optional.of(spec.icon()).filter(icon -> !icon.isEmpty()),
        new TemplateCard.Limits(
            spec.resources().maxGPU() == null
                ? OptionalLong.empty()
                : OptionalLong.of(spec.resources().maxGPU()),
            Optional.ofNullable(spec.resources().maxMemory()),
            Optional.ofNullable(spec.resources().maxCPU()),
            Optional.ofNullable(spec.persistence().maxSize())),
        effective.gpu(),
        effective.memory(),
        effective.cpu(),
        size,
        effective.lifetime(),
        effective.maxTimeout(),
        effective.idleTimeout(),
        left(request, quota, usage));
  }

  private static TemplateCard.Left left(QuotaRequest request, QuotaLimits quota, QuotaUsage usage) {
    List<QuotaViolation> violations = quota.violations(usage, request);
    boolean waits =
        quota.mode() == QuotaLimits.Mode.QUEUE
            && violations.stream().noneMatch(QuotaViolation::isOfStorage)
            && quota.violationsAlone(request).isEmpty();
    return new TemplateCard.Left(
        left(QuotaResource.SESSIONS, request, quota, usage),
        left(QuotaResource.GPUS, request, quota, usage),
        left(QuotaResource.STORAGE, request, quota, usage),
        violations.isEmpty() ? Optional.empty() : Optional.of(QuotaViolation.message(violations)),
        waits);
  }

  /** What the narrowest limit leaves. */
  private static OptionalLong left(
      QuotaResource resource, QuotaRequest request, QuotaLimits quota, QuotaUsage usage) {
    return Arrays.stream(QuotaScope.values())
        .filter(scope ->
            quota.limit(scope, scope.nameOf(request)).of(resource) != ResourceAmounts.UNLIMITED)
        .mapToLong(scope ->
            Math.max(
                0,
                quota.limit(scope, scope.nameOf(request)).of(resource)
                    - usage.of(scope, scope.nameOf(request)).of(resource)))
        .min();
  }
}
