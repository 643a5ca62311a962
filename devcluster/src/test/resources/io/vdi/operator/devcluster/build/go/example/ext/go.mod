module ext
