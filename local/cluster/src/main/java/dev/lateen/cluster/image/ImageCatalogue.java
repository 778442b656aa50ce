package dev.lateen.cluster.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which program stands for which image: the cluster's own entries and those of files that a project adds. The last
 * entry that matches a name wins, so a project's file may replace an entry of ours. Immutable.
 *
 * <p>A file is described in the header of the resource {@code images.yaml}.
 */
public final class ImageCatalogue {
    private static final String BUILT_IN = "images.yaml";

    private record Entry(Pattern pattern, boolean anyTag, Image image) {}

    private final List<Entry> entries = new ArrayList<>();

    private ImageCatalogue() {}

    /**
     * Reads the built-in entries, then the files in turn.
     *
     * @param variables the values of <code>${NAME}</code> in entries; an argument that is empty after replacement is
     *     left out
     */
    public static ImageCatalogue load(List<Path> files, Map<String, String> variables)
            throws CatalogueException, IOException {
        var catalogue = new ImageCatalogue();
        try (InputStream builtIn = ImageCatalogue.class.getResourceAsStream(BUILT_IN)) {
            if (builtIn == null) {
                throw new IOException("the resource " + BUILT_IN + " is missing from the class path");
            }
            catalogue.add(BUILT_IN, new String(builtIn.readAllBytes(), StandardCharsets.UTF_8), null, variables);
        }
        for (Path file : files) {
            Path project = file.toAbsolutePath().normalize().getParent();
            catalogue.add(file.toString(), Files.readString(file), project, variables);
        }
        return catalogue;
    }

    /** A catalogue of one text, for tests. */
    static ImageCatalogue of(String name, String yaml, Map<String, String> variables) throws CatalogueException {
        var catalogue = new ImageCatalogue();
        catalogue.add(name, yaml, Path.of("/project"), variables);
        return catalogue;
    }

    private void add(
            String file, String yaml, @org.jspecify.annotations.Nullable Path project, Map<String, String> variables)
            throws CatalogueException {
        for (CatalogueReader.NamedImage each : new CatalogueReader(file, project, variables).read(yaml)) {
            String name = reference(each.name());
            entries.add(new Entry(glob(name), !hasTag(name), each.image()));
        }
    }

    /** The image of that name. A registry of Docker's own and a digest are not looked at; no tag is any tag. */
    public Optional<Image> find(String image) {
        String full = reference(image);
        String untagged = hasTag(full) ? full.substring(0, full.lastIndexOf(':')) : full;
        String tagged = hasTag(full) ? full : full + ":latest";
        return entries.reversed().stream()
                .filter(e -> e.pattern().matcher(e.anyTag() ? untagged : tagged).matches())
                .map(Entry::image)
                .findFirst();
    }

    private static String reference(String image) {
        String name = image.contains("@") ? image.substring(0, image.indexOf('@')) : image;
        for (String prefix : List.of("docker.io/", "index.docker.io/", "library/")) {
            name = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
        }
        return name;
    }

    private static boolean hasTag(String name) {
        return name.lastIndexOf(':') > name.lastIndexOf('/');
    }

    private static Pattern glob(String name) {
        var regex = new StringBuilder();
        for (String part : name.split("\\*", -1)) {
            regex.append(regex.isEmpty() ? "" : ".*").append(Pattern.quote(part));
        }
        return Pattern.compile(regex.toString());
    }
}
