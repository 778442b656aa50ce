package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The volumes of a pod as directories of the host. Those that come from the API can be written again later; readers see
 * the old files or the new, never a mixture: the files are links through {@code ..data}, which is swapped.
 */
final class Volumes {
    private static final long DEFAULT_TOKEN_SECONDS = 3600;

    @SuppressWarnings("ArrayRecordComponent") // compared by same(), never as a record
    private record Content(byte[] bytes, int mode) {}

    private record Token(String text, Instant renewal) {}

    private final Pod pod;
    private final Path directory;
    private final PodSources sources;
    private final String address;
    private final String hostAddress;
    private final Map<String, Path> paths = new HashMap<>();
    private final Map<String, Map<String, Content>> written = new HashMap<>();
    private final Map<String, Token> tokens = new HashMap<>();
    private int versions;

    Volumes(Pod pod, Path directory, PodSources sources, String address, String hostAddress) {
        this.pod = pod;
        this.directory = directory;
        this.sources = sources;
        this.address = address;
        this.hostAddress = hostAddress;
    }

    /** Makes all volumes. */
    void prepare() throws ConfigurationException, IOException {
        for (Volume volume : pod.getSpec().getVolumes()) {
            Path path = directory.resolve(volume.getName());
            if (volume.getHostPath() != null) {
                path = Path.of(volume.getHostPath().getPath());
                String type = volume.getHostPath().getType();
                if (type != null && type.endsWith("OrCreate")) {
                    Files.createDirectories(type.startsWith("Directory") ? path : path.getParent());
                }
                if (!Files.exists(path)) {
                    throw new ConfigurationException(
                            "hostPath " + path + " of volume \"" + volume.getName() + "\" does not exist");
                }
            } else {
                Files.createDirectories(path);
                write(volume, path);
            }
            paths.put(volume.getName(), path);
        }
    }

    /** Writes what has changed in the API since. Tokens are renewed when four fifths of their life are over. */
    void refresh() throws ConfigurationException, IOException {
        for (Volume volume : pod.getSpec().getVolumes()) {
            Path path = paths.get(volume.getName());
            if (path != null) {
                write(volume, path);
            }
        }
    }

    /** Whether there is anything that {@link #refresh} would look at. */
    boolean refreshable() {
        return pod.getSpec().getVolumes().stream()
                .anyMatch(v -> v.getConfigMap() != null
                        || v.getSecret() != null
                        || v.getProjected() != null
                        || v.getDownwardAPI() != null);
    }

    /** Where a volume is; null for a name that the pod does not declare. */
    @Nullable
    Path path(String volume) {
        return paths.get(volume);
    }

    private void write(Volume volume, Path path) throws ConfigurationException, IOException {
        Map<String, Content> files = new TreeMap<>();
        if (volume.getEmptyDir() != null) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
            return;
        } else if (volume.getConfigMap() != null) {
            var source = volume.getConfigMap();
            configMap(files, source.getName(), source.getItems(), source.getOptional(), mode(source.getDefaultMode()));
        } else if (volume.getSecret() != null) {
            var source = volume.getSecret();
            secret(
                    files,
                    source.getSecretName(),
                    source.getItems(),
                    source.getOptional(),
                    mode(source.getDefaultMode()));
        } else if (volume.getDownwardAPI() != null) {
            var source = volume.getDownwardAPI();
            downward(files, source.getItems(), mode(source.getDefaultMode()));
        } else if (volume.getProjected() != null) {
            int mode = mode(volume.getProjected().getDefaultMode());
            for (VolumeProjection each : volume.getProjected().getSources()) {
                project(files, each, mode);
            }
        } else {
            throw new ConfigurationException(
                    "volume \"" + volume.getName() + "\" is of a kind that the local node does not have;"
                            + " it has emptyDir, configMap, secret, downwardAPI, projected and hostPath");
        }
        publish(volume.getName(), path, files);
    }

    private void project(Map<String, Content> files, VolumeProjection source, int mode) throws ConfigurationException {
        if (source.getConfigMap() != null) {
            configMap(
                    files,
                    source.getConfigMap().getName(),
                    source.getConfigMap().getItems(),
                    source.getConfigMap().getOptional(),
                    mode);
        }
        if (source.getSecret() != null) {
            secret(
                    files,
                    source.getSecret().getName(),
                    source.getSecret().getItems(),
                    source.getSecret().getOptional(),
                    mode);
        }
        if (source.getDownwardAPI() != null) {
            downward(files, source.getDownwardAPI().getItems(), mode);
        }
        if (source.getServiceAccountToken() != null) {
            var token = source.getServiceAccountToken();
            Long seconds = token.getExpirationSeconds();
            String text = token(token.getAudience(), seconds == null ? DEFAULT_TOKEN_SECONDS : seconds);
            files.put(token.getPath(), new Content(text.getBytes(StandardCharsets.UTF_8), mode));
        }
    }

    /** A token that has at least a fifth of its life before it. */
    private String token(@Nullable String audience, long seconds) {
        Instant now = Instant.now();
        String key = audience + "/" + seconds;
        Token known = tokens.get(key);
        if (known == null || !now.isBefore(known.renewal())) {
            known = new Token(sources.token(pod, audience, seconds), now.plusSeconds(seconds * 4 / 5));
            tokens.put(key, known);
        }
        return known.text();
    }

    private void configMap(
            Map<String, Content> files, String name, List<KeyToPath> items, @Nullable Boolean optional, int mode)
            throws ConfigurationException {
        ConfigMap map = sources.configMap(pod.getMetadata().getNamespace(), name);
        if (map == null) {
            if (!Boolean.TRUE.equals(optional)) {
                throw new ConfigurationException("configmap \"" + name + "\" not found");
            }
            return;
        }
        Map<String, byte[]> data = new LinkedHashMap<>();
        if (map.getData() != null) {
            map.getData().forEach((key, value) -> data.put(key, value.getBytes(StandardCharsets.UTF_8)));
        }
        if (map.getBinaryData() != null) {
            map.getBinaryData()
                    .forEach((key, value) ->
                            data.put(key, Base64.getMimeDecoder().decode(value)));
        }
        select(files, data, items, "configmap \"" + name + "\"", mode, Boolean.TRUE.equals(optional));
    }

    private void secret(
            Map<String, Content> files, String name, List<KeyToPath> items, @Nullable Boolean optional, int mode)
            throws ConfigurationException {
        Secret secret = sources.secret(pod.getMetadata().getNamespace(), name);
        if (secret == null) {
            if (!Boolean.TRUE.equals(optional)) {
                throw new ConfigurationException("secret \"" + name + "\" not found");
            }
            return;
        }
        Map<String, byte[]> data = new LinkedHashMap<>();
        if (secret.getData() != null) {
            secret.getData()
                    .forEach((key, value) ->
                            data.put(key, Base64.getMimeDecoder().decode(value)));
        }
        select(files, data, items, "secret \"" + name + "\"", mode, Boolean.TRUE.equals(optional));
    }

    private static void select(
            Map<String, Content> files,
            Map<String, byte[]> data,
            List<KeyToPath> items,
            String what,
            int mode,
            boolean optional)
            throws ConfigurationException {
        if (items.isEmpty()) {
            data.forEach((key, bytes) -> files.put(key, new Content(bytes, mode)));
        }
        for (KeyToPath item : items) {
            byte[] bytes = data.get(item.getKey());
            if (bytes != null) {
                files.put(item.getPath(), new Content(bytes, item.getMode() == null ? mode : item.getMode()));
            } else if (!optional) {
                throw new ConfigurationException(what + " references non-existent key: " + item.getKey());
            }
        }
    }

    private void downward(Map<String, Content> files, List<DownwardAPIVolumeFile> items, int mode)
            throws ConfigurationException {
        for (DownwardAPIVolumeFile item : items) {
            String text;
            if (item.getFieldRef() != null) {
                text = Fields.of(pod, address, hostAddress, item.getFieldRef().getFieldPath());
            } else {
                var selector = item.getResourceFieldRef();
                var container = pod.getSpec().getContainers().stream()
                        .filter(c -> c.getName().equals(selector.getContainerName()))
                        .findFirst()
                        .orElseThrow(() -> new ConfigurationException(
                                "downwardAPI names no container of the pod: " + selector.getContainerName()));
                text = Fields.resource(container, selector);
            }
            files.put(
                    item.getPath(),
                    new Content(text.getBytes(StandardCharsets.UTF_8), item.getMode() == null ? mode : item.getMode()));
        }
    }

    private static int mode(@Nullable Integer mode) {
        return mode == null ? 0644 : mode;
    }

    private void publish(String volume, Path path, Map<String, Content> files)
            throws ConfigurationException, IOException {
        Map<String, Content> before = written.get(volume);
        if (before != null && same(before, files)) {
            return;
        }
        Path fresh = Files.createDirectory(path.resolve("..version" + ++versions));
        Set<String> tops = new HashSet<>();
        for (Map.Entry<String, Content> each : files.entrySet()) {
            Path file = fresh.resolve(each.getKey()).normalize();
            if (!file.startsWith(fresh)) {
                throw new ConfigurationException("a path of volume \"" + volume + "\" leaves it: " + each.getKey());
            }
            Files.createDirectories(file.getParent());
            Files.write(file, each.getValue().bytes());
            Files.setPosixFilePermissions(file, permissions(each.getValue().mode()));
            tops.add(fresh.relativize(file).getName(0).toString());
        }
        Path data = path.resolve("..data");
        Path old = Files.isSymbolicLink(data) ? path.resolve(Files.readSymbolicLink(data)) : null;
        Path swap = path.resolve("..swap");
        Files.deleteIfExists(swap);
        Files.createSymbolicLink(swap, fresh.getFileName());
        Files.move(swap, data, StandardCopyOption.ATOMIC_MOVE);
        for (String top : tops) {
            Path link = path.resolve(top);
            if (!Files.isSymbolicLink(link)) {
                Files.createSymbolicLink(link, Path.of("..data", top));
            }
        }
        if (before != null) {
            List<String> gone = new ArrayList<>(before.keySet());
            for (String key : gone) {
                String top = Path.of(key).getName(0).toString();
                if (!tops.contains(top)) {
                    Files.deleteIfExists(path.resolve(top));
                }
            }
        }
        if (old != null) {
            FileTrees.delete(old);
        }
        written.put(volume, files);
    }

    private static boolean same(Map<String, Content> one, Map<String, Content> other) {
        return one.keySet().equals(other.keySet())
                && one.entrySet().stream().allMatch(e -> {
                    Content content = other.get(e.getKey());
                    return content != null && Arrays.equals(e.getValue().bytes(), content.bytes());
                });
    }

    private static Set<java.nio.file.attribute.PosixFilePermission> permissions(int mode) {
        var text = new StringBuilder();
        for (int bit = 8; bit >= 0; bit--) {
            text.append((mode & (1 << bit)) != 0 ? "rwx".charAt(2 - bit % 3) : '-');
        }
        return PosixFilePermissions.fromString(text.toString());
    }
}
