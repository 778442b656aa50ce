package dev.lateen.control.source;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.config.RawObject;
import dev.lateen.config.ReadResult;
import dev.lateen.control.secret.FileSecrets;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory of YAML and JSON files, with all below it, watched. It may hold every kind that the mesh reads: rules,
 * Services, EndpointSlices, Pods, Namespaces, Secrets, ConfigMaps with roots, and ConfigMap {@code istio}. A file with an error keeps what it said when
 * it was last right; errors name file and line.
 */
public final class DirectorySource implements Source {
    private static final Logger log = LoggerFactory.getLogger(DirectorySource.class);
    private static final Set<String> ENDINGS = Set.of(".yaml", ".yml", ".json");

    private final Path directory;
    private final String systemNamespace;
    private final DirectoryWatch watch;
    private final Map<Path, String> texts = new TreeMap<>();
    private final Map<Path, Set<ObjectName>> objects = new TreeMap<>();

    private final FileSecrets secrets;

    /**
     * @param secrets takes Secrets that stand there
     * @throws IOException if there is no such directory
     */
    public DirectorySource(Path directory, String systemNamespace, FileSecrets secrets) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new IOException("no directory " + directory + " to read configuration from");
        }
        this.directory = directory;
        this.systemNamespace = systemNamespace;
        this.secrets = secrets;
        this.watch = new DirectoryWatch(directory);
    }

    @Override
    public CompletableFuture<Void> start(ChangeSink sink) {
        try {
            watch.registerAll();
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        read(sink);
        watch.start(() -> read(sink));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {
        watch.close();
    }

    private void read(ChangeSink sink) {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.filter(DirectorySource::isConfiguration).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            log.error("Cannot list {}: {}; keeping what was read before", directory, e.toString());
            return;
        }
        for (Path gone : texts.keySet().stream().filter(f -> !files.contains(f)).toList()) {
            texts.remove(gone);
            replace(gone, Set.of(), sink);
            sink.problems(fileName(gone), List.of());
        }
        for (Path file : files) {
            try {
                String text = Files.readString(file);
                if (!text.equals(texts.put(file, text))) {
                    take(file, text, sink);
                }
            } catch (NoSuchFileException e) {
                log.debug("{} went away while it was read", file);
            } catch (IOException e) {
                sink.problems(
                        fileName(file),
                        List.of(Problem.error(
                                new Origin.File(file.toString(), 1, Map.of(), ""), "", "cannot be read: " + e)));
            }
        }
    }

    private void take(Path file, String text, ChangeSink sink) {
        ReadResult result = new ConfigReader().readText(file.toString(), text);
        List<Problem> problems = new ArrayList<>(result.problems());
        Set<ObjectName> names = new HashSet<>();
        for (ConfigObject<?> object : result.objects()) {
            names.add(object.objectName());
            sink.change(change -> change.put(object));
        }
        for (RawObject other : result.others()) {
            try {
                if (core(other, sink)) {
                    names.add(other.name());
                }
            } catch (RuntimeException e) {
                problems.add(Problem.error(
                        other.origin(), "", "cannot be read as " + other.name().kind() + ": " + e));
            }
        }
        sink.problems(fileName(file), problems);
        if (problems.stream().anyMatch(Problem::isError)) {
            // What is wrong now may have been right before; it stays until the file says otherwise without an error.
            names.addAll(objects.getOrDefault(file, Set.of()));
        }
        replace(file, names, sink);
    }

    private void replace(Path file, Set<ObjectName> names, ChangeSink sink) {
        Set<ObjectName> before = names.isEmpty() ? objects.remove(file) : objects.put(file, names);
        if (before == null) {
            return;
        }
        for (ObjectName name : before) {
            boolean elsewhere = objects.values().stream().anyMatch(others -> others.contains(name));
            if (!elsewhere) {
                sink.change(change -> change.remove(name));
                secrets.remove(name);
            }
        }
    }

    private boolean core(RawObject object, ChangeSink sink) {
        String json = object.tree().toString();
        switch (object.name().kind()) {
            case "Service" -> {
                Service service = Serialization.unmarshal(json, Service.class);
                service.getMetadata().setNamespace(object.name().namespace());
                sink.change(change -> change.put(service));
            }
            case "EndpointSlice" -> {
                EndpointSlice slice = Serialization.unmarshal(json, EndpointSlice.class);
                slice.getMetadata().setNamespace(object.name().namespace());
                sink.change(change -> change.put(slice));
            }
            case "Pod" -> {
                Pod pod = Serialization.unmarshal(json, Pod.class);
                pod.getMetadata().setNamespace(object.name().namespace());
                sink.change(change -> change.put(pod));
            }
            case "Namespace" -> {
                Namespace namespace = Serialization.unmarshal(json, Namespace.class);
                sink.change(change -> change.put(namespace));
            }
            case "Node" -> {
                Node node = Serialization.unmarshal(json, Node.class);
                sink.change(change -> change.put(node));
            }
            case "Secret" -> {
                Secret secret = Serialization.unmarshal(json, Secret.class);
                secrets.put(object.name(), secret);
            }
            case "ConfigMap" -> {
                boolean mesh = object.name().name().equals(MeshSettings.NAME)
                        && object.name().namespace().equals(systemNamespace);
                ConfigMap map = Serialization.unmarshal(json, ConfigMap.class);
                if (mesh) {
                    MeshSettings.apply(map, object.name(), sink);
                    return false;
                }
                map.getMetadata().setNamespace(object.name().namespace());
                sink.change(change -> change.put(map));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static ObjectName fileName(Path file) {
        return new ObjectName("File", "", file.toString());
    }

    private static boolean isConfiguration(Path file) {
        String name = file.getFileName().toString();
        return !name.startsWith(".") && ENDINGS.stream().anyMatch(name::endsWith) && Files.isRegularFile(file);
    }
}
