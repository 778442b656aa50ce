package dev.lateen.cli;

import dev.lateen.analysis.Manifests;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where a verb takes its mesh from: files, or the cluster. */
final class ManifestOptions {
    /** Kinds of Kubernetes that the mesh reads. */
    private static final List<String[]> CORE = List.of(
            new String[] {"v1", "Namespace"},
            new String[] {"v1", "Node"},
            new String[] {"v1", "Service"},
            new String[] {"v1", "Pod"},
            new String[] {"discovery.k8s.io/v1", "EndpointSlice"});

    @Option(
            names = {"-f", "--filename"},
            description = "file or directory of manifests, or - for standard input; may be given several times")
    List<String> files = new ArrayList<>();

    @Option(
            names = {"-n", "--namespace"},
            description = "namespace of objects that name none (${DEFAULT-VALUE})")
    String namespace = "default";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    /** The manifests of the files alone. */
    Manifests files() throws IOException, CommandException {
        Manifests manifests = new Manifests(namespace);
        addFiles(manifests);
        return manifests;
    }

    /** The objects of the cluster, and those of the files in their places. */
    Manifests clusterAndFiles() throws IOException, CommandException {
        Manifests manifests = new Manifests(namespace);
        addCluster(manifests);
        addFiles(manifests);
        return manifests;
    }

    /** Adds the objects of the cluster. */
    void addCluster(Manifests manifests) throws CommandException {
        try (KubernetesClient client = cluster.client()) {
            for (String[] kind : CORE) {
                add(client, kind[0], kind[1], manifests);
            }
            for (Kind<?> kind : Kinds.all()) {
                add(client, kind.apiVersion(), kind.name(), manifests);
            }
            var settings = client.configMaps()
                    .inNamespace("istio-system")
                    .withName("istio")
                    .get();
            if (settings != null) {
                manifests.addApiObject(Serialization.asJson(settings));
            }
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
    }

    private static void add(KubernetesClient client, String apiVersion, String kind, Manifests manifests) {
        try {
            for (GenericKubernetesResource object : client.genericKubernetesResources(apiVersion, kind)
                    .inAnyNamespace()
                    .list()
                    .getItems()) {
                manifests.addApiObject(Serialization.asJson(object));
            }
        } catch (KubernetesClientException e) {
            // A cluster without the mesh has no such kind.
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }

    private void addFiles(Manifests manifests) throws IOException, CommandException {
        eachFile(manifests::add);
    }

    /** Gives name and text of each file. */
    void eachFile(BiConsumer<String, String> use) throws IOException, CommandException {
        eachFile(files, use);
    }

    /** Gives name and text of each of these files, and of those in these directories. */
    static void eachFile(List<String> files, BiConsumer<String, String> use) throws IOException, CommandException {
        for (String file : files) {
            if (file.equals("-")) {
                use.accept("standard input", new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
                continue;
            }
            Path path = Path.of(file);
            if (!Files.isReadable(path)) {
                throw new CommandException("cannot read " + file);
            }
            try (Stream<Path> all = Files.walk(path)) {
                for (Path each : all.filter(Files::isRegularFile).sorted().toList()) {
                    if (each.equals(path) || each.toString().matches(".*\\.(ya?ml|json)")) {
                        use.accept(each.toString(), Files.readString(each));
                    }
                }
            }
        }
    }
}
