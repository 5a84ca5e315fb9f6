DROP TABLE sweep;
DROP TABLE orders;
