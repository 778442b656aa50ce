package dev.lateen.junit;

import dev.lateen.analysis.Manifests;
import dev.lateen.analysis.PretendRequest;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.opentest4j.AssertionFailedError;

/**
 * A mesh made of manifests: rules, Services, workloads. Pods, addresses and endpoints that a cluster would add are made
 * up, so the manifests of production will do. Immutable.
 *
 * <pre>{@code
 * Mesh mesh = Mesh.inNamespace("shop").with(Path.of("k8s")).with(ruleUnderTest);
 * mesh.request(GET, "http://orders/42").from("web").goesTo("orders").subset("v2");
 * }</pre>
 */
public final class Mesh {
    public static final String GET = "GET";
    public static final String POST = "POST";
    public static final String PUT = "PUT";
    public static final String DELETE = "DELETE";

    private final String namespace;
    private final List<Text> texts;
    private final Snapshot snapshot;

    private record Text(String name, String yaml) {}

    private Mesh(String namespace, List<Text> texts) {
        this.namespace = namespace;
        this.texts = List.copyOf(texts);
        Manifests manifests = new Manifests(namespace);
        texts.forEach(text -> manifests.add(text.name(), text.yaml()));
        Manifests.Read read = manifests.read();
        String errors = read.problems().stream()
                .filter(Problem::isError)
                .map(Problem::toString)
                .collect(Collectors.joining("\n"));
        if (!errors.isEmpty()) {
            throw new AssertionFailedError("the manifests have errors:\n" + errors);
        }
        snapshot = read.snapshot();
    }

    /** A mesh of nothing; objects without a namespace that are added are in this one, and callers too. */
    public static Mesh inNamespace(String namespace) {
        return new Mesh(namespace, List.of());
    }

    /**
     * The same mesh and these manifests: a file, or all files of a directory and below that end in {@code .yaml},
     * {@code .yml} or {@code .json}, in the order of their names.
     *
     * @throws UncheckedIOException when they cannot be read
     * @throws AssertionFailedError when one of them has an error, with file, line and field
     */
    public Mesh with(Path path) {
        List<Text> all = new ArrayList<>(texts);
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                if (file.equals(path) || isManifest(file)) {
                    all.add(new Text(file.toString(), Files.readString(file)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read manifests at " + path.toAbsolutePath(), e);
        }
        return new Mesh(namespace, all);
    }

    private static boolean isManifest(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json");
    }

    /**
     * The same mesh and the documents of this text.
     *
     * @throws AssertionFailedError when one of them has an error, with line and field
     */
    public Mesh with(String yaml) {
        List<Text> all = new ArrayList<>(texts);
        all.add(new Text("manifest " + (all.size() + 1), yaml));
        return new Mesh(namespace, all);
    }

    /**
     * A request to be asked about. It comes from the app {@code client} of the mesh's namespace unless {@link
     * MeshRequest#from} says otherwise.
     *
     * @param url as the caller writes it: {@code http://reviews:9080/api?page=2}
     */
    public MeshRequest request(String method, String url) {
        return MeshRequest.of(snapshot, PretendRequest.of(method, url), namespace);
    }
}
