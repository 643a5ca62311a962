package io.vdi.operator.admission;

import io.helidon.config.Config;
import io.vdi.operator.admission.certificates.CertificateSettings;
import io.vdi.operator.admission.certificates.DynamicAuthority;
import io.vdi.operator.admission.validation.AdmissionPolicy;
import io.vdi.operator.admission.validation.RecordedGroups;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.runtime.ServiceConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.IdentityConfig;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.PodNamespace;
import io.vdi.operator.runtime.config.QuotaConfig;
import io.vdi.operator.runtime.config.UsageConfig;
import io.vdi.operator.runtime.config.WatchedNamespacesConfig;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The settings of the webhook; docs/configuration.md describes each. */
record AdmissionConfig(
    AdmissionPolicy policy,
    QuotaLimits quota,
    GpuBudgets budgets,
    ZoneId usageZone,
    String namespace,
    WatchedNamespaces watchedNamespaces,
    Admission admission,
    Certificates certificates,
    String host,
    int port)
    implements ServiceConfig {
  /** Former key to key. The former keys still work, with a warning. */
  static final Map<String, String> RENAMED_KEYS =
      Map.of(
          "admission.atOnce", "admission.maxConcurrentRequests",
          "admission.drain", "admission.drainPeriod",
          "certificates.authorityLife", "certificates.caDuration",
          "certificates.servingLife", "certificates.leafDuration",
          "certificates.folder", "certificates.directory",
          "certificates.names", "certificates.dnsNames");

  /** A new CA must be published and promoted long before the present one expires. */
  private static final int MIN_PROPAGATIONS = 6;

  /** {@code timeoutSeconds} of the webhook configurations in the chart. */
  private static final Duration MAX_DEADLINE = Duration.ofSeconds(5);

  record Admission(
      String host,
      int port,
      int maxConcurrentRequests,
      int maxConnections,
      int maxReservationsPerUser,
      Duration deadline,
      Duration readTimeout,
      Duration idleTimeout,
      Duration drainPeriod,
      Optional<Path> clientCa,
      List<String> clientNames) {}

  /** Where the serving certificate comes from. */
  enum CertificateMode {
    OWN,
    FILES
  }

  record Certificates(
      CertificateMode mode,
      Path directory,
      DynamicAuthority.Location location,
      CertificateSettings settings,
      Duration interval) {}

  /** All replicas answer. */
  @Override
  public LeaderElectionConfig election() {
    return LeaderElectionConfig.NONE;
  }

  static AdmissionConfig from(Config config) throws InvalidConfigException {
    ConfigReader reader = new ConfigReader(config);
    String configured = reader.text("namespace");
    String namespace = configured.isEmpty() ? PodNamespace.get() : configured;
    WatchedNamespaces watched = WatchedNamespacesConfig.read(reader);
    AdmissionConfig result =
        new AdmissionConfig(
            new AdmissionPolicy(
                IdentityConfig.identity(reader, namespace),
                reader.list("templates.allowedRegistries"),
                watched,
                new RecordedGroups(reader.list("usage.groups"))),
            QuotaConfig.read(reader),
            QuotaConfig.budgets(reader),
            UsageConfig.zone(reader),
            namespace,
            watched,
            new Admission(
                reader.text("admission.host"),
                reader.number("admission.port", 0, 65535),
                reader.number("admission.maxConcurrentRequests", 1, 100_000),
                reader.number("admission.maxConnections", 2, 100_000),
                reader.number("admission.maxReservationsPerUser", 1, 10_000),
                deadline(reader),
                reader.duration("admission.readTimeout"),
                reader.duration("admission.idleTimeout"),
                reader.durationOrZero("admission.drainPeriod"),
                clientCa(reader),
                reader.list("admission.clientNames")),
            certificates(reader, namespace),
            reader.text("server.host"),
            reader.number("server.port", 0, 65535));
    reader.throwIfInvalid();
    return result;
  }

  private static Duration deadline(ConfigReader reader) {
    Duration deadline = reader.duration("admission.deadline");
    reader.require(
        deadline.compareTo(MAX_DEADLINE) < 0,
        "admission.deadline \"%s\" must be shorter than the %s s for which the API server waits"
            .formatted(Durations.format(deadline), MAX_DEADLINE.toSeconds()));
    return deadline;
  }

  private static Optional<Path> clientCa(ConfigReader reader) {
    Optional<Path> file =
        Optional.of(reader.text("admission.clientCA"))
            .filter(text -> !text.isEmpty())
            .map(Path::of);
    reader.require(
        file.isPresent() || reader.list("admission.clientNames").isEmpty(),
        "admission.clientNames needs admission.clientCA");
    return file;
  }

  private static Certificates certificates(ConfigReader reader, String namespace) {
    String service = reader.text("certificates.service") + "." + namespace + ".svc";
    List<String> dnsNames = new ArrayList<>(List.of(service, service + ".cluster.local"));
    dnsNames.addAll(reader.list("certificates.dnsNames"));
    CertificateSettings settings =
        new CertificateSettings(
            reader.duration("certificates.caDuration"),
            reader.duration("certificates.leafDuration"),
            reader.duration("certificates.propagation"),
            List.copyOf(dnsNames));
    reader.require(
        settings.propagation().multipliedBy(MIN_PROPAGATIONS).compareTo(settings.caDuration()) <= 0,
        "certificates.propagation must be at most a sixth of certificates.caDuration");
    return new Certificates(
        reader.oneOf("certificates.mode", CertificateMode.class),
        Path.of(reader.text("certificates.directory")),
        new DynamicAuthority.Location(
            namespace,
            reader.text("certificates.secret", s -> !s.isEmpty(), "must not be empty"),
            reader.text("certificates.configuration", s -> !s.isEmpty(), "must not be empty")),
        settings,
        reader.duration("certificates.interval"));
  }
}
