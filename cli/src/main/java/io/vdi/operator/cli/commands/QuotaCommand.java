package io.vdi.operator.cli.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Format;
import io.vdi.operator.cli.output.Table;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaParser;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi quota}. */
@Command(
    name = "quota",
    description = {
      "Show what is in use of each quota.",
      "You need the permission to read all sessions and ConfigMap vdi-config of the operator."
    })
public final class QuotaCommand extends ClusterCommand {
  @Mixin private FormatOption output;

  public QuotaCommand(Console console) {
    super(console);
  }

  /** Usage and limit of one user, namespace or template, or of the cluster. */
  public record Line(QuotaScope scope, String name, ResourceAmounts used, ResourceAmounts limit) {}

  @Override
  int run(ClusterAccess cluster) {
    Format format = output.format();
    QuotaLimits quota = quota(cluster);
    Map<String, VdiTemplate> templates =
        cluster.templates().stream()
            .collect(Collectors.toMap(VdiTemplate::name, template -> template));
    WatchedNamespaces watched = OperatorSettings.watchedNamespaces(cluster);
    List<VdiSession> sessions =
        cluster.sessions("").stream()
            .filter(session -> watched.includes(session.namespace()))
            .toList();
    QuotaUsage usage = new QuotaUsage();
    for (VdiSession session : sessions) {
      usage.add(
          QuotaRequest.of(session, Optional.ofNullable(templates.get(session.spec().template()))));
    }
    boolean storage = quota.limitsStorage();
    if (storage) {
      cluster.homes().stream()
          .filter(home -> watched.includes(home.namespace()))
          .forEach(usage::add);
    }
    List<Line> lines = lines(quota, usage);
    if (format.isTable()) {
      table(lines, storage, output.width(console())).forEach(this::print);
    } else {
      print(format.of(json(lines, storage)));
    }
    return 0;
  }

  private static QuotaLimits quota(ClusterAccess cluster) {
    List<String> problems = new ArrayList<>();
    QuotaLimits quota = QuotaParser.parse(OperatorSettings.quota(cluster), problems);
    if (!problems.isEmpty()) {
      throw new CliException.Failed(
          "ConfigMap vdi-config cannot be read: " + String.join("; ", problems));
    }
    return quota;
  }

  /** One line for each name that uses something or has an exception of its own. */
  public static List<Line> lines(QuotaLimits quota, QuotaUsage usage) {
    return Arrays.stream(QuotaScope.values())
        .flatMap(scope -> {
          Set<String> names = new TreeSet<>(usage.all(scope).keySet());
          Optional.ofNullable(quota.limits().get(scope))
              .ifPresent(limits -> names.addAll(limits.exceptions().keySet()));
          return names.stream()
              .map(name -> new Line(scope, name, usage.of(scope, name), quota.limit(scope, name)));
        })
        .toList();
  }

  /**
   * The lines of the table.
   *
   * @param storage whether storage is limited; without a limit nobody has added up the homes
   * @param width the longest line; 0 for no limit
   */
  public static List<String> table(List<Line> lines, boolean storage, int width) {
    List<QuotaResource> resources =
        Arrays.stream(QuotaResource.values())
            .filter(resource -> storage || resource != QuotaResource.STORAGE)
            .toList();
    Table table =
        new Table(
            Stream.concat(
                    Stream.of("SCOPE", "NAME"),
                    resources.stream().map(resource -> resource.text().toUpperCase(Locale.ROOT)))
                .toArray(String[]::new));
    for (Line line : lines) {
      table.row(
          Stream.concat(
                  Stream.of(line.scope().text(), line.name()),
                  resources.stream().map(resource -> cell(line, resource)))
              .toArray(String[]::new));
    }
    return table.lines(width);
  }

  private static String cell(Line line, QuotaResource resource) {
    long limit = line.limit().of(resource);
    return resource.format(line.used().of(resource))
        + "/"
        + (limit == ResourceAmounts.UNLIMITED ? "unlimited" : resource.format(limit));
  }

  private static JsonArray json(List<Line> lines, boolean storage) {
    JsonArray array = new JsonArray();
    for (Line line : lines) {
      JsonObject object = new JsonObject();
      object.addProperty("scope", line.scope().text());
      object.addProperty("name", line.name());
      object.add("used", amount(line.used(), storage));
      object.add("limit", amount(line.limit(), storage));
      array.add(object);
    }
    return array;
  }

  /** Without the fields that are unlimited. */
  private static JsonObject amount(ResourceAmounts amount, boolean storage) {
    JsonObject object = new JsonObject();
    if (amount.sessions() != ResourceAmounts.UNLIMITED) {
      object.addProperty("sessions", amount.sessions());
    }
    if (amount.gpus() != ResourceAmounts.UNLIMITED) {
      object.addProperty("gpus", amount.gpus());
    }
    if (storage && amount.storage() != ResourceAmounts.UNLIMITED) {
      object.addProperty("storage", amount.storage());
    }
    return object;
  }
}
