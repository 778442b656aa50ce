package dev.lateen.cli;

import dev.lateen.analysis.Manifests;
import dev.lateen.mesh.Snapshot;
import dev.lateen.ops.ClusterObjects;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
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

    /**
     * The mesh of the cluster, for a verb that looks at nothing else.
     *
     * @param verb its name
     * @throws CommandException when there are files
     */
    Snapshot clusterAlone(String verb) throws IOException, CommandException {
        if (!files.isEmpty()) {
            throw new CommandException(verb + " looks at the cluster: it takes no -f");
        }
        return clusterAndFiles().read().snapshot();
    }

    /** Adds the objects of the cluster. */
    void addCluster(Manifests manifests) throws CommandException {
        try (KubernetesClient client = cluster.client()) {
            ClusterObjects.addTo(manifests, client);
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
            Path path = Path.of(file);
            if (!Files.isDirectory(path)) {
                InputFile single = new InputFile(file);
                use.accept(single.toString(), single.text());
                continue;
            }
            try (Stream<Path> all = Files.walk(path)) {
                for (Path each : all.filter(Files::isRegularFile)
                        .filter(each -> each.toString().matches(".*\\.(ya?ml|json)"))
                        .sorted()
                        .toList()) {
                    use.accept(each.toString(), Files.readString(each));
                }
            }
        }
    }
}
