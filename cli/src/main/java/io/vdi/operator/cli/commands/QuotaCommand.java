package io.vdi.operator.cli.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Cluster;
import io.vdi.operator.cli.cluster.NotSeen;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Format;
import io.vdi.operator.cli.output.Table;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.Amount;
import io.vdi.operator.common.quota.Quota;
import io.vdi.operator.common.quota.Scope;
import io.vdi.operator.common.quota.Share;
import io.vdi.operator.common.quota.Usage;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ConfigLayers;
import io.vdi.operator.common.service.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi quota}. */
@Command(
    name = "quota",
    description = {
      "What is used of each limit, by the settings of the controller.",
      "Needs to read ConfigMap vdi-config in the operator's namespace and all sessions."
    })
public final class QuotaCommand extends ClusterCommand {
  private static final String CONFIG = "vdi-config";

  @Mixin private FormatOption output;

  public QuotaCommand(Console console) {
    super(console);
  }

  /** What one name uses at one scope, and may use. */
  public record Line(Scope scope, String name, Amount used, Amount limit) {}

  @Override
  int run(Cluster cluster) {
    Format format = output.format();
    Quota quota = quota(cluster);
    Map<String, VdiTemplate> templates =
        Cluster.seen(cluster.api().list(Kind.TEMPLATE, "", ""), "vditemplates").items().stream()
            .collect(Collectors.toMap(VdiTemplate::name, template -> template));
    List<VdiSession> sessions = cluster.sessions("");
    List<Line> lines =
        lines(
            quota,
            Usage.of(
                sessions.stream()
                    .map(session ->
                        Share.of(
                            session, Optional.ofNullable(templates.get(session.spec().template()))))
                    .toList()));
    if (format.isForPeople()) {
      table(lines, format == Format.WIDE ? 0 : console().width()).forEach(this::print);
    } else {
      print(format.of(json(lines)));
    }
    return 0;
  }

  private static Quota quota(Cluster cluster) {
    String settings =
        cluster
            .get(Kind.CONFIG_MAP, cluster.operator(), CONFIG)
            .map(map -> map.data().getOrDefault("controller.yaml", ""))
            .orElseThrow(() ->
                new NotSeen(
                    404,
                    "there is no ConfigMap " + CONFIG + " in namespace " + cluster.operator()));
    try {
      Path file = Files.createTempFile("vdi-", ".yaml");
      try {
        Files.writeString(file, settings);
        ConfigReader reader =
            new ConfigReader(new ConfigLayers(Optional.of(file), Map.of()).load());
        Quota quota = Quota.read(reader);
        reader.finish();
        return quota;
      } finally {
        Files.delete(file);
      }
    } catch (BadConfig | IOException e) {
      throw new NotSeen(0, "ConfigMap " + CONFIG + " cannot be read: " + e.getMessage());
    }
  }

  /** Everybody who uses something, or has a limit of his own. */
  public static List<Line> lines(Quota quota, Usage usage) {
    return Arrays.stream(Scope.values())
        .flatMap(scope -> {
          Quota.Limits limits = quota.limits().get(scope);
          Set<String> names = new TreeSet<>(usage.all(scope).keySet());
          if (limits != null) {
            names.addAll(limits.exceptions().keySet());
          }
          return names.stream()
              .map(name -> new Line(scope, name, usage.of(scope, name), quota.limit(scope, name)));
        })
        .toList();
  }

  /** For people. */
  public static List<String> table(List<Line> lines, int width) {
    Table table = new Table("SCOPE", "NAME", "SESSIONS", "GPUS");
    for (Line line : lines) {
      table.row(
          line.scope().text(),
          line.name(),
          of(line.used().sessions(), line.limit().sessions()),
          of(line.used().gpus(), line.limit().gpus()));
    }
    return table.lines(width);
  }

  private static String of(long used, long limit) {
    return used + "/" + (limit == Amount.UNLIMITED ? "unlimited" : String.valueOf(limit));
  }

  private static JsonArray json(List<Line> lines) {
    JsonArray all = new JsonArray();
    for (Line line : lines) {
      JsonObject each = new JsonObject();
      each.addProperty("scope", line.scope().text());
      each.addProperty("name", line.name());
      each.add("used", amount(line.used()));
      each.add("limit", amount(line.limit()));
      all.add(each);
    }
    return all;
  }

  /** What is unlimited is left out. */
  private static JsonObject amount(Amount amount) {
    JsonObject object = new JsonObject();
    if (amount.sessions() != Amount.UNLIMITED) {
      object.addProperty("sessions", amount.sessions());
    }
    if (amount.gpus() != Amount.UNLIMITED) {
      object.addProperty("gpus", amount.gpus());
    }
    return object;
  }
}
