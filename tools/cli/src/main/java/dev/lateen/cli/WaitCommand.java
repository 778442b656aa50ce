package dev.lateen.cli;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.ops.Distribution;
import dev.lateen.ops.MeshPods;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lateen experimental wait}: until a rule is in force everywhere, or gone; flags are those of istioctl. */
@Command(
        name = "wait",
        description =
                "Wait until every proxy that a rule is for works by it. The exit code is 1 when that takes too long.")
final class WaitCommand implements Callable<Integer> {
    /** Words of the command line. */
    enum Condition {
        distribution,
        delete
    }

    @Parameters(index = "0", paramLabel = "KIND", description = "kind of Istio, as virtualservice or vs")
    String kind = "";

    @Parameters(index = "1", paramLabel = "NAME", description = "NAME or NAME.NAMESPACE")
    String name = "";

    @Option(names = "--for", description = "distribution, or delete: until there is no such object (${DEFAULT-VALUE})")
    Condition condition = Condition.distribution;

    @Option(names = "--timeout", description = "such as 30s or 1m30s (${DEFAULT-VALUE})")
    String timeout = "30s";

    @Option(names = "--generation", description = "from which on a status counts; the object's own without it")
    long generation;

    @Option(
            names = {"-n", "--namespace"},
            description = "namespace (${DEFAULT-VALUE})")
    String namespace = "default";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws CommandException {
        Kind<?> wanted = kind();
        Duration limit = limit();
        ObjectName object = MeshPods.parse(name, wanted.name(), namespace);
        try (KubernetesClient client = cluster.client()) {
            Resource<GenericKubernetesResource> resource = client.genericKubernetesResources(
                            wanted.apiVersion(), wanted.name())
                    .inNamespace(object.namespace())
                    .withName(object.name());
            try {
                GenericKubernetesResource last = resource.waitUntilCondition(
                        now -> condition == Condition.delete
                                ? Objects.isNull(now)
                                : Distribution.of(now, generation).done(),
                        limit.toMillis(),
                        TimeUnit.MILLISECONDS);
                System.out.println(object + ": "
                        + (last == null
                                ? "deleted"
                                : Distribution.of(last, generation).message()));
                return 0;
            } catch (KubernetesClientTimeoutException e) {
                throw new CommandException(object + ", after " + timeout + ": "
                        + (condition == Condition.delete
                                ? "it is still there"
                                : Distribution.of(resource.get(), generation).message()));
            }
        }
    }

    private Kind<?> kind() throws CommandException {
        String lower = kind.toLowerCase(Locale.ROOT);
        return Kinds.all().stream()
                .filter(each -> each.group().endsWith("istio.io"))
                .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(lower)
                        || each.plural().equals(lower)
                        || each.shortNames().contains(lower))
                .findFirst()
                .orElseThrow(() -> new CommandException("no kind of Istio is called " + kind));
    }

    private Duration limit() throws CommandException {
        try {
            return Duration.parse("PT" + timeout.toUpperCase(Locale.ROOT));
        } catch (DateTimeParseException e) {
            throw new CommandException("--timeout " + timeout + ": no duration such as 30s or 1m30s");
        }
    }
}
