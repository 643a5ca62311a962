package io.vdi.operator.admission;

import io.helidon.config.Config;
import io.vdi.operator.admission.validation.AdmissionPolicy;
import io.vdi.operator.admission.validation.Identity;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.runtime.ServiceConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.PodNamespace;
import io.vdi.operator.runtime.config.QuotaConfig;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** application.yaml as a value. */
record AdmissionConfig(
    AdmissionPolicy policy,
    QuotaLimits quota,
    String namespace,
    Admission admission,
    Certificates certificates,
    String host,
    int port)
    implements ServiceConfig {
  record Admission(
      String host,
      int port,
      int atOnce,
      Duration deadline,
      Duration readTimeout,
      Duration idleTimeout,
      Duration drain) {}

  /** Where the certificate comes from. */
  enum CertificateMode {
    OWN,
    FILES
  }

  record Certificates(
      CertificateMode mode,
      Path folder,
      String secret,
      String configuration,
      List<String> names,
      Duration authorityLife,
      Duration servingLife,
      Duration propagation,
      Duration interval) {}

  @Override
  public LeaderElectionConfig election() {
    return LeaderElectionConfig.NONE;
  }

  static AdmissionConfig from(Config config) throws InvalidConfigException {
    ConfigReader read = new ConfigReader(config);
    String own = read.text("namespace");
    String namespace = own.isEmpty() ? PodNamespace.get() : own;
    AdmissionConfig result =
        new AdmissionConfig(
            new AdmissionPolicy(
                identity(read, namespace), read.list("templates.allowedRegistries")),
            QuotaConfig.read(read),
            namespace,
            new Admission(
                read.text("admission.host"),
                read.number("admission.port", 0, 65535),
                read.number("admission.atOnce", 1, 100_000),
                read.duration("admission.deadline"),
                read.duration("admission.readTimeout"),
                read.duration("admission.idleTimeout"),
                read.durationOrZero("admission.drain")),
            certificates(read, namespace),
            read.text("server.host"),
            read.number("server.port", 0, 65535));
    read.throwIfInvalid();
    return result;
  }

  private static Identity identity(ConfigReader read, String namespace) {
    Map<String, String> table = new HashMap<>();
    for (Config item : read.items("identity.users")) {
      String name = item.get("name").asString().orElse("");
      String email = item.get("email").asString().orElse("");
      read.require(
          !name.isEmpty() && email.contains("@"),
          "identity.users: \"" + name + "\": each needs a name and an email");
      table.put(name, email);
    }
    return new Identity(
        read.oneOf("identity.mode", Identity.Mode.class),
        Set.copyOf(read.list("identity.adminGroups")),
        read.list("identity.operatorAccounts").stream()
            .map(account -> "system:serviceaccount:" + namespace + ":" + account)
            .collect(Collectors.toUnmodifiableSet()),
        Map.copyOf(table),
        read.text("identity.extraKey"),
        read.text("identity.prefix"));
  }

  private static Certificates certificates(ConfigReader read, String namespace) {
    String service = read.text("certificates.service") + "." + namespace + ".svc";
    List<String> names = new ArrayList<>(List.of(service, service + ".cluster.local"));
    names.addAll(read.list("certificates.names"));
    Certificates certificates =
        new Certificates(
            read.oneOf("certificates.mode", CertificateMode.class),
            Path.of(read.text("certificates.folder")),
            read.text("certificates.secret", s -> !s.isEmpty(), "must not be empty"),
            read.text("certificates.configuration", s -> !s.isEmpty(), "must not be empty"),
            List.copyOf(names),
            read.duration("certificates.authorityLife"),
            read.duration("certificates.servingLife"),
            read.duration("certificates.propagation"),
            read.duration("certificates.interval"));
    read.require(
        certificates.propagation().multipliedBy(6).compareTo(certificates.authorityLife()) <= 0,
        "certificates.propagation must be at most a sixth of certificates.authorityLife");
    return certificates;
  }
}
