package dev.lateen.control.source;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.config.RawObject;
import dev.lateen.config.ReadResult;
import dev.lateen.control.secret.FileSecrets;
import dev.lateen.mesh.Snapshot;
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
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * A directory of YAML and JSON files, with all below it, watched. It may hold every kind that the mesh reads: rules,
 * Services, EndpointSlices, Pods, Namespaces, Secrets, ConfigMaps with roots, and ConfigMap {@code istio}. A change counts
 * when its file has been quiet for a moment, so that none is read half-written, or missed while it is replaced; what files
 * say that are read at one time comes into force at one time. A file with an error keeps what it said when it was last
 * right; errors name file and line.
 */
public final class DirectorySource implements Source {
    private static final Logger log = LoggerFactory.getLogger(DirectorySource.class);
    private static final Set<String> ENDINGS = Set.of(".yaml", ".yml", ".json");

    private final Path directory;
    private final String systemNamespace;
    private final DirectoryWatch watch;
    private final LongSupplier clock;
    private final Text reader;
    private final QuietFiles quiet;
    private final Map<Path, String> texts = new TreeMap<>();
    private final Set<Path> unreadable = new HashSet<>();
    private final Map<Path, Set<ObjectName>> objects = new TreeMap<>();

    private final FileSecrets secrets;
    private boolean begun;

    /** What a file says. */
    interface Text {
        String of(Path file) throws IOException;
    }

    /**
     * @param secrets takes Secrets that stand there
     * @param quiet how long a file must not have changed before it is read
     * @throws IOException if there is no such directory
     */
    public DirectorySource(Path directory, String systemNamespace, FileSecrets secrets, Duration quiet)
            throws IOException {
        this(directory, systemNamespace, secrets, quiet, System::nanoTime, Files::readString);
    }

    /** @param clock in nanoseconds, only goes forward */
    DirectorySource(
            Path directory,
            String systemNamespace,
            FileSecrets secrets,
            Duration quiet,
            LongSupplier clock,
            Text reader)
            throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new IOException("no directory " + directory + " to read configuration from");
        }
        this.directory = directory;
        this.systemNamespace = systemNamespace;
        this.secrets = secrets;
        this.quiet = new QuietFiles(quiet);
        this.clock = clock;
        this.reader = reader;
        this.watch = new DirectoryWatch(directory);
    }

    @Override
    public CompletableFuture<Void> start(ChangeSink sink) {
        try {
            watch.registerAll();
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Void> told = new CompletableFuture<>();
        Supplier<Duration> look = () -> {
            Duration next = look(sink);
            if (next.isZero()) {
                told.complete(null);
            }
            return next;
        };
        watch.start(look.get(), look);
        return told;
    }

    @Override
    public void close() {
        watch.close();
    }

    /** Tells of every file that is not being written; when to look next though nothing changes, zero for not. */
    Duration look(ChangeSink told) {
        Gathered sink = new Gathered(told);
        Duration next = read(sink);
        sink.tell();
        return next;
    }

    private Duration read(ChangeSink sink) {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(directory)) {
            files = tree.filter(DirectorySource::isConfiguration).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            log.error("Cannot list {}: {}; keeping what was read before", directory, e.toString());
            return Duration.ZERO;
        }
        Set<Path> missing = new TreeSet<>(texts.keySet());
        missing.addAll(unreadable);
        Set<Path> all = new HashSet<>(missing);
        all.addAll(files);
        quiet.retain(all);
        files.forEach(missing::remove);
        long now = clock.getAsLong();
        for (Path gone : missing) {
            if (quiet.isQuiet(gone, null, now)) {
                texts.remove(gone);
                unreadable.remove(gone);
                replace(gone, Set.of(), sink);
                sink.problems(fileName(gone), List.of());
            }
        }
        for (Path file : files) {
            read(file, sink);
        }
        begun = true;
        return quiet.left(clock.getAsLong());
    }

    private void read(Path file, ChangeSink sink) {
        try {
            QuietFiles.Stamp before = stamp(file);
            long now = clock.getAsLong();
            if (!begun) {
                quiet.begin(file, before, now);
            }
            if (!quiet.isQuiet(file, before, now)) {
                return;
            }
            String text = reader.of(file);
            if (!quiet.isQuiet(file, stamp(file), clock.getAsLong())) {
                return; // written while it was read
            }
            boolean again = unreadable.remove(file);
            if (!text.equals(texts.put(file, text)) || again) {
                take(file, text, sink);
            }
        } catch (NoSuchFileException e) {
            log.debug("{} went away while it was read", file);
        } catch (IOException e) {
            unreadable.add(file);
            sink.problems(
                    fileName(file),
                    List.of(Problem.error(
                            new Origin.File(file.toString(), 1, Map.of(), ""), "", "cannot be read: " + e)));
        }
    }

    private static QuietFiles.Stamp stamp(Path file) throws IOException {
        return QuietFiles.Stamp.of(Files.readAttributes(file, BasicFileAttributes.class));
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

    /** Holds back changes, to tell them together. */
    private record Gathered(ChangeSink sink, List<Consumer<Snapshot.Change>> held) implements ChangeSink {
        Gathered(ChangeSink sink) {
            this(sink, new ArrayList<>());
        }

        void tell() {
            if (!held.isEmpty()) {
                sink.changes(held);
            }
        }

        @Override
        public void change(Consumer<Snapshot.Change> change) {
            held.add(change);
        }

        @Override
        public void told(boolean rule, String kind, String event) {
            sink.told(rule, kind, event);
        }

        @Override
        public void read(ObjectName object, long generation, List<Problem> problems, JsonNode tree) {
            sink.read(object, generation, problems, tree);
        }
    }
}
