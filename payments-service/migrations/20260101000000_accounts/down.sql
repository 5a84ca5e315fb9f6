DROP TABLE payments;
DROP TABLE transactions;
DROP TABLE accounts;
