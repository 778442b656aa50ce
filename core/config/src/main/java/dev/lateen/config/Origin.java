package dev.lateen.config;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where an object was written down, to say so in errors and explanations. */
public sealed interface Origin {
    /** How people find the field: {@code file.yaml:12} or {@code VirtualService ns/name}. */
    String at(String path);

    /** How people find the object. */
    default String at() {
        return at("");
    }

    /**
     * A document of a file.
     *
     * @param line first line of the document, from 1
     * @param lines lines of fields by path with dots only; may lack some, whose parents' line then stands for them
     * @param prefix path of the object within the document, empty unless it is an item of a List
     */
    record File(String file, int line, Map<String, Integer> lines, String prefix) implements Origin {
        /** Line of the field, or of the nearest field around it. */
        public int line(String path) {
            String full = (prefix.isEmpty() || path.isEmpty() ? prefix + path : prefix + "." + path)
                    .replace('[', '.')
                    .replace("]", "");
            while (!full.isEmpty()) {
                Integer found = lines.get(full);
                if (found != null) {
                    return found;
                }
                full = full.substring(0, Math.max(0, full.lastIndexOf('.')));
            }
            return line;
        }

        @Override
        public String at(String path) {
            return file + ":" + line(path);
        }

        @Override
        public String toString() {
            return at();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof File f && file.equals(f.file) && line == f.line && prefix.equals(f.prefix);
        }

        @Override
        public int hashCode() {
            return file.hashCode() * 31 + line;
        }
    }

    /** An object of the Kubernetes API. */
    record Api(ObjectName object) implements Origin {
        @Override
        public String at(String path) {
            return object.toString();
        }

        @Override
        public String toString() {
            return at();
        }
    }
}
